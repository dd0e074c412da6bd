import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Whether the server with this process id serves commands on this port. The id matters: had somebody else taken the port
 * just before our server could, it would be their server that answers.
 */
export async function isReady(port: number, pid: number): Promise<boolean> {
  const answer = await ask(port, 'INFO server\r\nPING\r\nQUIT\r\n');
  // While Redis reads its data from disk, it answers INFO but refuses PING.
  return answer.includes(`\r\nprocess_id:${pid}\r\n`) && answer.includes('\r\n+PONG\r\n');
}

/** All that the server says until it closes the connection (QUIT makes it do so); what came so far if it cannot be reached. */
function ask(port: number, commands: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(commands));
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', () => socket.destroy()); // refused or reset: not ready, which is an answer too
    socket.on('close', () => resolve(answer));
  });
}
