// uPlot in the console's colours: one small wrapper, so that pages speak of series and not pixels.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { h, put } from './dom';
import { integer } from './format';

export interface Series {
  label: string;
  /** A CSS variable: --accent, --text, --muted. */
  color: string;
  dash?: number[];
  width?: number;
  /** Filled to the zero line. */
  area?: boolean;
  /** Part of a band, not drawn itself. */
  hidden?: boolean;
}

export interface ChartOptions {
  title: string;
  note?: string;
  series: Series[];
  /** Places of upper and lower edge in `series`. */
  band?: [number, number];
  bandLabel?: string;
  height?: number;
  format(value: number): string;
}

export interface Chart {
  element: HTMLElement;
  set(data: (number | null)[][], summary: string): void;
  destroy(): void;
}

export function chart(options: ChartOptions): Chart {
  const height = options.height ?? 220;
  const box = h('div', { class: 'plot', role: 'img' });
  box.style.height = `${height}px`;
  const empty = h('p', { class: 'plot-empty' }, 'Nothing to draw yet.');
  box.append(empty);
  const legend = h('ul', { class: 'legend' });
  for (const s of options.series.filter((x) => !x.hidden)) legend.append(entry(s.label, s));
  if (options.band) legend.append(entry(options.bandLabel ?? 'band', null));
  const note = options.note ? h('p', { class: 'note' }, options.note) : null;
  const element = h(
    'figure', { class: 'card chart' },
    h('figcaption', null, h('h2', null, options.title), legend), box, note,
  );
  let plot: uPlot | null = null;
  let data: uPlot.AlignedData = [[]];

  const draw = (): void => {
    plot?.destroy();
    plot = null;
    if (data[0].length < 2 || box.clientWidth === 0) {
      empty.hidden = false;
      return;
    }
    empty.hidden = true;
    plot = new uPlot(settings(options, box.clientWidth, height), data, box);
  };
  const resize = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: box.clientWidth, height });
    else draw();
  });
  resize.observe(box);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);
  addEventListener('themechange', draw);

  return {
    element,
    set(next, summary) {
      data = next as uPlot.AlignedData;
      box.setAttribute('aria-label', `${options.title}. ${summary}`);
      if (plot && data[0].length >= 2) plot.setData(data);
      else draw();
    },
    destroy() {
      resize.disconnect();
      scheme.removeEventListener('change', draw);
      removeEventListener('themechange', draw);
      plot?.destroy();
    },
  };
}

function entry(label: string, series: Series | null): HTMLElement {
  const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
  if (!series) swatch.classList.add('swatch-band');
  else {
    swatch.style.borderTopColor = `var(${series.color})`;
    swatch.style.borderTopStyle = series.dash ? 'dashed' : 'solid';
  }
  const text = h('span', null);
  put(text, label);
  return h('li', null, swatch, text);
}

function settings(options: ChartOptions, width: number, height: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false },
      y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        ...axis, grid: { show: false }, size: 26, space: 90,
        values: (_, at) => at.map((v) => integer(v)),
      },
      { ...axis, size: 48, space: 40, values: (_, at) => at.map((v) => options.format(v)) },
    ],
    bands: options.band
      ? [{
          series: [options.band[0] + 1, options.band[1] + 1],
          fill: color('--accent-soft'),
        }]
      : [],
    series: [
      {},
      ...options.series.map((s): uPlot.Series => ({
        stroke: s.hidden ? 'transparent' : color(s.color),
        width: s.hidden ? 0 : s.width ?? 1.5,
        dash: s.dash,
        fill: s.area ? color('--accent-soft') : undefined,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
