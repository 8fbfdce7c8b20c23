// The shell: which node, which page, how the link does. Pages come and go inside <main>.
import './theme.css';
import { Chain } from './chain';
import { fill, h, link, put } from './dom';
import { integer } from './format';
import type { MakePage, Page } from './page';
import { constitutionPage } from './pages/constitution';
import { decisionsPage } from './pages/decisions';
import { governancePage } from './pages/governance';
import { accountPage, blockPage, explorerPage, transactionPage } from './pages/explorer';
import { modelsPage } from './pages/models';
import { nowPage } from './pages/now';
import { validatorsPage } from './pages/validators';

const PAGES: Record<string, MakePage> = {
  now: nowPage,
  decisions: decisionsPage,
  constitution: constitutionPage,
  models: modelsPage,
  governance: governancePage,
  validators: validatorsPage,
  explorer: explorerPage,
  block: blockPage,
  tx: transactionPage,
  account: accountPage,
};

const MENU = [
  'now', 'decisions', 'constitution', 'models', 'governance', 'validators', 'explorer',
];
const IN_EXPLORER = ['block', 'tx', 'account'];

/** ?node=http://host:port points the console at any node; else it is the one that serves it. */
function nodeAddress(): string {
  const given = new URLSearchParams(location.search).get('node');
  try {
    const url = new URL(given ?? location.origin);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url.origin + url.pathname;
  } catch {
    // What is no address is not used.
  }
  return location.origin;
}

const chain = new Chain(nodeAddress());
const state = h('span', { class: 'state-text' }, 'connecting');
const stateBox = h('button', { type: 'button', class: 'state', title: chain.link.url },
  h('span', { class: 'dot', 'aria-hidden': 'true' }), state);
stateBox.addEventListener('click', () => chain.link.retryNow());
const announce = h('p', { class: 'hidden', role: 'status' });
const main = h('main', { id: 'main', tabindex: -1 });
const heading = h('h1', null);
const content = h('div', null);
const nav = h('nav', { 'aria-label': 'Pages' },
  ...MENU.map((name) => link(name, name[0]!.toUpperCase() + name.slice(1))));
const theme = h('button', { type: 'button', class: 'quiet icon' });
let page: Page | null = null;

main.append(heading, content);
document.getElementById('app')!.append(
  h('header', null,
    h('div', { class: 'bar' }, link('now', 'Homeostat', 'brand'), stateBox, theme), nav),
  main, announce);

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function nameTheme(): void {
  put(theme, isDark() ? 'Light' : 'Dark');
  theme.setAttribute('aria-label', `Switch to the ${isDark() ? 'light' : 'dark'} theme`);
}

theme.addEventListener('click', () => {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem('theme', next);
  } catch {
    // It holds for this visit.
  }
  nameTheme();
  dispatchEvent(new Event('themechange'));
});

function showState(): void {
  const { link: node } = chain;
  const wait = Math.max(0, Math.ceil((node.retryAt - Date.now()) / 1000));
  const text = node.state === 'live' ? `block ${integer(chain.tip?.number ?? 0)}`
    : node.state === 'lost' ? `node away, asking again in ${wait} s` : 'connecting';
  put(state, text);
  if (stateBox.dataset.state !== node.state) {
    stateBox.dataset.state = node.state;
    // Told once a change, not once a block.
    put(announce, node.state === 'live' ? 'Connected to the node.'
      : node.state === 'lost' ? 'The node went away; the page tries to reach it again.' : '');
  }
}

/** What follows the page's name in the address; text that is no encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function open(focus: boolean): void {
  const [name = 'now', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const make = Object.hasOwn(PAGES, name) ? PAGES[name]! : nowPage;
  page?.dispose?.();
  page = make(chain, decoded(rest.join('/')));
  put(heading, page.title);
  document.title = `${page.title} · Homeostat`;
  fill(content, page.element);
  const current = IN_EXPLORER.includes(name) ? 'explorer' : name || 'now';
  for (const item of nav.querySelectorAll('a')) {
    if (item.getAttribute('href') === `#/${current}`) {
      item.setAttribute('aria-current', 'page');
      item.scrollIntoView({ block: 'nearest', inline: 'center' });
    } else {
      item.removeAttribute('aria-current');
    }
  }
  page.update();
  if (focus) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

chain.onChange(() => {
  showState();
  page?.update();
});
setInterval(() => {
  showState();
  if (!location.hash || location.hash === '#/now') page?.update();
}, 1_000);
addEventListener('hashchange', () => open(true));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', nameTheme);
nameTheme();
showState();
open(false);
chain.link.open();
