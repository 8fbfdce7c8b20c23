// Counts what passed and what did not; the last line says so.
let [passed, failed] = [0, 0];
const ONLY = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';

/** Runs one check; an exception is its failure, said in one line and the stack's first. */
export async function check(name, run) {
  if (!name.includes(ONLY)) return true;
  const start = Date.now();
  try {
    const figure = await run();
    passed++;
    console.log(`ok    ${name}${figure ? `: ${figure}` : ''} (${Date.now() - start} ms)`);
    return true;
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${String(error.message ?? error).split('\n').slice(0, 12).join('\n      ')}`);
    return false;
  }
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

export function assert(holds, message) {
  if (!holds) throw new Error(message);
}
