// A shell that is fed one block of commands after another.
import { spawn } from 'node:child_process';

const MARK = 'homeostat-document-mark';

export function tail(text) {
  return text.split('\n').slice(-15).join('\n');
}

/** One bash for a document: its variables and folder stay from one block to the next. */
export class Shell {
  /** @param command the shell, reading commands from its standard input */
  constructor([program, ...args], options) {
    this.child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    this.output = '';
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => { this.output += text; });
    }
    this.child.stdin.on('error', () => {});
    this.blocks = 0;
  }

  async run(code, seconds) {
    this.output = '';
    const mark = `${MARK}-${++this.blocks}`;
    // A block stops at its first failure, as a reader would, and the shell lives on to say so.
    this.child.stdin.write(`__code=0; trap '__code=$?' ERR\n{\n${code}\n} < /dev/null\n`
      + `echo ${mark} $__code\n`);
    const giveUp = Date.now() + seconds * 1000;
    const ending = new RegExp(`${mark} (\\d+)`);
    while (!ending.test(this.output)) {
      if (this.child.exitCode !== null) throw new Error(`the shell ended:\n${tail(this.output)}`);
      if (Date.now() > giveUp) throw new Error(`not done in ${seconds} s:\n${tail(this.output)}`);
      await new Promise((done) => setTimeout(done, 100));
    }
    // What it wrote on the other stream may come a moment later.
    await new Promise((done) => setTimeout(done, 100));
    const code_ = Number(ending.exec(this.output)[1]);
    return { code: code_, output: this.output.replace(ending, '') };
  }

  end() {
    this.child.stdin.end();
    this.child.kill();
  }
}
