/** Starts a server, tells where it is, then does what it was asked to: `wait` for ever, `exit`, or just `forget` it. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { RedisServer } from '../../../../lib/testing/index.js';

const [ending] = process.argv.slice(2);

const server = await RedisServer.start();
const [folder] = readdirSync(tmpdir());
console.log(JSON.stringify({ pid: server.pid, folder }));

if (ending === 'wait') setInterval(() => undefined, 60_000);
if (ending === 'exit') process.exit(7);
