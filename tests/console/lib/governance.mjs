// Vote and veto by wallet, where the network has a Governor.
export async function governance({ chain }) {
  const code = await chain.reader.getCode({
    address: '0x00000000000000000000000000000000484f0021',
  });
  if (!code) console.log('skip  governance: this network has no Governor at 0x484f0021');
}
