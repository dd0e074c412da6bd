import { type Ending, SampleProcess } from '../samples/sample-process.js';
import { eventually } from '../support/eventually.js';
import type { Consumer } from './consumer.js';

/** What the application says of a task. */
interface Status {
  state: string;
  attempt: number;
  progress: unknown;
  result: unknown;
  error: { name: string } | null;
}

/** A consumer that runs, and whoever makes requests to it. */
export class ConsumerApp {
  private constructor(
    private readonly process: SampleProcess,
    private readonly address: string,
  ) {}

  static async start(consumer: Consumer, redisUrl: string): Promise<ConsumerApp> {
    const process = SampleProcess.run(await consumer.main(), { env: { REDIS_URL: redisUrl } });
    const [, address = ''] = await process.printed(/^Listening on (\S+)$/m);
    return new ConsumerApp(process, address);
  }

  /** What it wrote for those who look after it. */
  get stderr(): string {
    return this.process.stderr;
  }

  /** @returns the id of the task */
  async order(item: string, { customer = 'ann', quantity = '2' } = {}): Promise<string> {
    const { code, body } = await this.post('/orders', { customer, item, quantity });
    if (code !== 202) throw new Error(`${code} ${JSON.stringify(body)}`);
    return (body as { id: string }).id;
  }

  async post(path: string, data: object = {}): Promise<{ code: number; body: unknown }> {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${this.address}${path}`, { method: 'POST', headers, body: JSON.stringify(data) });
    return { code: response.status, body: await response.json() };
  }

  async request(path: string): Promise<Response> {
    return fetch(`${this.address}${path}`);
  }

  /** Once it is in that state, or in one that it does not leave. */
  async status(id: string, state = 'completed'): Promise<Status> {
    return eventually(async () => {
      const status = (await (await this.request(`/tasks/${encodeURIComponent(id)}`)).json()) as Status;
      return [state, 'completed', 'failed'].includes(status.state) && status;
    });
  }

  async stop(): Promise<Ending> {
    this.process.signal('SIGTERM');
    return this.process.closed;
  }
}
