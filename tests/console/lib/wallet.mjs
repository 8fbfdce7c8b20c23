// A wallet for tests: announced in the page by EIP-6963, signing here with a development key.
import { hexToBigInt } from 'viem';

/** @param name what the wallet calls itself: it may be hostile */
export async function injectWallet(page, network, { client, reader }, name) {
  const seen = [];
  await page.exposeBinding('testWalletRequest', async (_, { method, params }) => {
    seen.push(method);
    if (method === 'eth_requestAccounts') return [client.account.address];
    if (method === 'eth_chainId') return `0x${network.chainId.toString(16)}`;
    if (method === 'eth_sendTransaction') {
      const [call] = params;
      return client.sendTransaction({
        to: call.to, data: call.data, value: call.value ? hexToBigInt(call.value) : 0n,
        gas: await reader.estimateGas({ account: client.account, ...call }) * 3n / 2n,
      });
    }
    throw new Error(`the test wallet does not do ${method}`);
  });
  await page.addInitScript((walletName) => {
    const info = {
      uuid: '7c1d4f0e-0000-4000-8000-000000000001', name: walletName, rdns: 'test.wallet',
      icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>',
    };
    const provider = { request: (call) => window.testWalletRequest(call) };
    const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', {
      detail: Object.freeze({ info, provider }),
    }));
    addEventListener('eip6963:requestProvider', announce);
    announce();
  }, name);
  return seen;
}
