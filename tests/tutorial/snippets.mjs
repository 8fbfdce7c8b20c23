// The commands of a Markdown document, with what its comments say of how to run and check them:
//
//   <!-- run: background until=/regex/ timeout=300 -->   goes on beside the rest
//   <!-- run: expect=/regex/ timeout=60 -->              the block's output must match
//   <!-- run: skip=reason -->                            not run, and the reason is said
//   <!-- run: short="command" -->                        this in its place, unless --long is given; the
//                                                        text must say the command too
//   <!-- run: with="WORD=path" -->                       the word stands for a file of the folder that
//                                                        HOMEOSTAT_SHARED names; skipped where it is not
//   <!-- run: alone -->                                  what goes on beside is stopped first
//   <!-- expect-output=/regex/ -->                       in the text after a block: of that block
//
// A block fenced as sh runs; without a comment before it, plainly. `indented: true` takes blocks
// indented by four spaces too, each line a command of its own.

/** @returns {{line: number, code: string, expects: RegExp[], [key: string]: unknown}[]} */
export function snippetsOf(text, { indented = false } = {}) {
  const lines = text.split('\n');
  const found = [];
  let options = {};
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const run = /^<!-- run:? ?(.*?) ?-->$/.exec(line);
    if (run) {
      options = optionsOf(run[1]);
    } else if (/^```sh$/.test(line)) {
      const start = i + 1;
      while (lines[++i] !== undefined && lines[i] !== '```');
      if (lines[i] === undefined) throw new Error(`line ${start}: the block has no end`);
      found.push({ line: start, code: lines.slice(start, i).join('\n'), expects: [], ...options });
      if (options.expect) found.at(-1).expects.push(options.expect);
      options = {};
    } else if (indented && /^ {4}\S/.test(line)) {
      found.push({ line: i + 1, code: line.trim(), expects: [], ...options });
    } else {
      if (indented && line.trim() !== '' && !line.startsWith('<!--')) options = {};
      for (const match of line.matchAll(/<!-- expect-output=\/(.*?)\/([a-z]*) -->/g)) {
        found.at(-1).expects.push(new RegExp(match[1], match[2]));
      }
    }
  }
  return found;
}

function optionsOf(text) {
  const options = {};
  for (const match of text.matchAll(/(\w+)(?:=(?:\/(.*?)\/([a-z]*)(?= |$)|"([^"]*)"|(\S+)))?/g)) {
    const [, name, pattern, flags, quoted, word] = match;
    options[name] = pattern !== undefined ? new RegExp(pattern, flags) : quoted ?? word ?? true;
  }
  return options;
}
