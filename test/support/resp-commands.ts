import { createHash } from 'node:crypto';

/** One command as a client sends it. */
export interface RespCommand {
  /** In lower case. */
  name: string;
  args: readonly string[];
  /** What went over the wire. */
  bytes: Buffer;
}

/** Cuts what a client sends to Redis into commands, however it is spread over packets. */
export class RespCommands {
  private rest: Buffer = Buffer.alloc(0);

  *feed(bytes: Buffer): Generator<RespCommand> {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (let command = this.first(); command; command = this.first()) {
      this.rest = this.rest.subarray(command.bytes.length);
      yield command;
    }
  }

  /** `*<count>\r\n`, then for each word `$<length>\r\n<word>\r\n`. */
  private first(): RespCommand | null {
    const { rest } = this;
    let at = 0;
    const number = (): number | null => {
      const end = rest.indexOf('\r\n', at);
      if (end < 0) return null;
      const value = Number(rest.toString('latin1', at + 1, end));
      at = end + 2;
      return value;
    };
    const count = number();
    if (count === null) return null;
    const words: string[] = [];
    while (words.length < count) {
      const length = number();
      if (length === null || rest.length < at + length + 2) return null;
      words.push(rest.toString('utf8', at, at + length));
      at += length + 2;
    }
    const [name = '', ...args] = words;
    return { name: name.toLowerCase(), args, bytes: rest.subarray(0, at) };
  }
}

/** Whether a command runs this Lua script, by text or by hash. */
export function runs({ lua }: { lua: string }): (command: RespCommand) => boolean {
  const hash = createHash('sha1').update(lua).digest('hex');
  return ({ name, args }) => (name === 'eval' && args[0] === lua) || (name === 'evalsha' && args[0] === hash);
}
