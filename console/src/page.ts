import type { Chain } from './chain';

/** One page: made when it is opened, told when the chain has news, ended when it is left. */
export interface Page {
  title: string;
  element: HTMLElement;
  update(): void;
  dispose?(): void;
}

export type MakePage = (chain: Chain, argument: string) => Page;
