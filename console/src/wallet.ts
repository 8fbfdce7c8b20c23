// Wallets by EIP-6963: each announces itself, the reader chooses. Names come from extensions and
// are shown as text.
import { type Chain } from './chain';

export interface Provider {
  request(call: { method: string; params?: unknown[] }): Promise<unknown>;
}

export interface Wallet {
  uuid: string;
  name: string;
  provider: Provider;
}

const found = new Map<string, Wallet>();

addEventListener('eip6963:announceProvider', (event) => {
  const { info, provider } = (event as CustomEvent).detail ?? {};
  if (info?.uuid && provider) {
    const name = String(info.name ?? 'Wallet').slice(0, 40);
    found.set(String(info.uuid), { uuid: String(info.uuid), name, provider });
  }
});

export function wallets(): Wallet[] {
  dispatchEvent(new Event('eip6963:requestProvider'));
  return [...found.values()];
}

/** The account, on this chain: the wallet is asked to switch, or to add the chain first. */
export async function connect(wallet: Wallet, chain: Chain): Promise<`0x${string}`> {
  const accounts = (await wallet.provider.request({ method: 'eth_requestAccounts' })) as string[];
  const account = accounts[0];
  if (!account) throw new Error('the wallet gave no account');
  const chainId = `0x${chain.chainId.toString(16)}`;
  if ((await wallet.provider.request({ method: 'eth_chainId' })) !== chainId) {
    try {
      await wallet.provider.request({
        method: 'wallet_switchEthereumChain', params: [{ chainId }],
      });
    } catch {
      await wallet.provider.request({
        method: 'wallet_addEthereumChain',
        params: [{
          chainId,
          chainName: `Homeostat ${chain.chainId}`,
          nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
          rpcUrls: [chain.link.url],
        }],
      });
    }
  }
  return account as `0x${string}`;
}

export interface Call {
  from: string;
  to: string;
  data: `0x${string}`;
  value?: string;
}

const PATIENCE_MS = 60_000;
const ASK_MS = 300;

/** Sends by the wallet; the height of the block it is final in. A call that fails is an error. */
export async function sendAndWait(
  wallet: Wallet, chain: Chain, call: Call, sent: (hash: string) => void,
): Promise<number> {
  // Asked first, so that a refusal is a sentence and not a spent fee.
  await chain.link.request('eth_call', [call, 'latest']);
  const hash = String(await wallet.provider.request({
    method: 'eth_sendTransaction', params: [call],
  }));
  sent(hash);
  const giveUp = Date.now() + PATIENCE_MS;
  while (Date.now() < giveUp) {
    const receipt = await chain.link.request<Record<string, string> | null>(
      'eth_getTransactionReceipt', [hash]);
    if (receipt?.status === '0x1') return Number(BigInt(receipt.blockNumber!));
    if (receipt) throw new Error(`the transaction ${hash} failed in its block`);
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  throw new Error(`the transaction ${hash} is in no block yet`);
}
