// The part of the Governance page about protocol revisions.
import type { Chain } from '../chain';
import { h, link } from '../dom';
import { plain } from '../events';
import { integer } from '../format';
import { type Revision, readRevisions } from '../revisions';
import { type Slot, show } from './rules';

const SHOWN_MISSING = 16;

export interface RevisionSection {
  element: HTMLElement;
  update(): Promise<void>;
}

export function revisionSection(chain: Chain): RevisionSection {
  const list = h('div', { class: 'stack' });
  const element = h('section', { class: 'stack', 'aria-label': 'Protocol revisions', hidden: true },
    h('h2', null, 'Protocol revisions'),
    h('p', { class: 'note' }, 'What nodes run is governed too. A vote proposes the next revision; '
      + 'validators whose node can run it signal it, and the chain counts them at epochs’ ends.'),
    list);
  const slots = new Map<string, Slot>();
  return {
    element,
    /** Of a node that knows no revisions it stays hidden. */
    async update() {
      const found = await readRevisions(chain.link, (chain.tip?.timeMs ?? 0) / 1000);
      if (!found?.length) return;
      show(slots, list, found, (x) => `${x.number}${x.spec}`, content);
      element.hidden = false;
    },
  };
}

function content(x: Revision): HTMLElement[] {
  const version = plain(x.version, 40);
  return [
    h('h3', null, `Revision ${integer(x.number)}${version ? `, version ${version}` : ''}`),
    h('span', { class: 'chip' }, x.state),
    h('dl', { class: 'facts' },
      ...x.facts.flatMap(([name, text]) =>
        [h('dt', null, name), h('dd', { class: 'break' }, plain(text, 200))]),
      ...x.missing.length ? [h('dt', null, 'Not ready'), h('dd', { class: 'break' },
        h('ul', { class: 'plain' }, ...x.missing.slice(0, SHOWN_MISSING).map((address) =>
          h('li', null, link(`account/${address}`, address, 'mono break')))),
        x.missing.length > SHOWN_MISSING && `and ${integer(x.missing.length - SHOWN_MISSING)} more`),
      ] : [],
      h('dt', null, 'Specification'), h('dd', { class: 'mono break' }, x.spec)),
  ];
}
