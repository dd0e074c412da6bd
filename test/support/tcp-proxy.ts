import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RespCommand, RespCommands } from './resp-commands.js';

/** Tells whether a command on its way to Redis is the one that a fault is meant for. */
export type CommandMatch = (command: RespCommand) => boolean;

/** A command that the client has given up, and that Redis has not seen yet. */
export interface LateCommand {
  /** Lets it reach Redis after all; resolves once Redis has carried it out. */
  deliver(): Promise<void>;
}

interface Trap {
  match: CommandMatch;
  spring(link: Link, command: RespCommand): void;
}

interface Link {
  client: Socket;
  upstream: Socket;
  /** Nothing passes any more, in either direction, and nobody is told. */
  isMute: boolean;
  /** What is still on its way there: nothing overtakes it, whatever becomes of the delay meanwhile. */
  underWay: Map<Socket, Promise<unknown>>;
}

/** A stretch of network between a client and a Redis on this machine, and everything that can go wrong with it. */
export class TcpProxy {
  /** One way. */
  delayMs = 0;
  private readonly links = new Set<Link>();
  private readonly traps = new Set<Trap>();
  private isSilent = false;

  private constructor(
    private readonly server: Server,
    private redisPort: number,
  ) {
    server.on('connection', (client) => this.link(client));
  }

  static async start(redisPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, redisPort);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on new connections lead to the server on this port; those that stand stay as they are. */
  leadTo(redisPort: number): void {
    this.redisPort = redisPort;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const link of this.links) end(link);
  }

  /** From now on nothing passes and no connection ends, as if somebody had pulled the cable. */
  silence(): void {
    this.isSilent = true;
    for (const link of this.links) link.isMute = true;
  }

  /** New connections work again; those of the time before stay as they are. */
  speak(): void {
    this.isSilent = false;
  }

  /** The next such command reaches Redis, but its reply is lost with the connection. Resolves when that has happened. */
  async loseReplyTo(match: CommandMatch): Promise<void> {
    await this.trap(match, async (link, command) => {
      link.isMute = true;
      link.upstream.write(command.bytes);
      await once(link.upstream, 'data');
      end(link);
    });
  }

  /** The connection breaks before the next such command has reached Redis. Resolves when that has happened. */
  async holdBack(match: CommandMatch): Promise<LateCommand> {
    return this.trap(match, async (link, command) => {
      link.isMute = true;
      link.client.destroy();
      return {
        deliver: async () => {
          link.upstream.write(command.bytes);
          await once(link.upstream, 'data');
          end(link);
        },
      };
    });
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private async trap<T>(match: CommandMatch, fault: (link: Link, command: RespCommand) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const trap: Trap = {
        match,
        spring: (link, command) => {
          this.traps.delete(trap);
          fault(link, command).then(resolve, reject);
        },
      };
      this.traps.add(trap);
    });
  }

  private link(client: Socket): void {
    const upstream = connect({ port: this.redisPort, host: '127.0.0.1', noDelay: true });
    const link: Link = { client, upstream, isMute: this.isSilent, underWay: new Map() };
    this.links.add(link);
    const commands = new RespCommands();
    client.on('data', (bytes: Buffer) => {
      for (const command of commands.feed(bytes)) this.forward(link, command);
    });
    upstream.on('data', (bytes: Buffer) => void this.pass(link, client, bytes));
    client.on('error', () => undefined); // a broken connection ends, which is all that matters here
    upstream.on('error', () => undefined);
    client.on('close', () => link.isMute || end(link)); // what is mute does not tell Redis either
    upstream.on('close', () => {
      end(link);
      this.links.delete(link);
    });
  }

  private forward(link: Link, command: RespCommand): void {
    if (link.isMute) return;
    const trap = [...this.traps].find(({ match }) => match(command));
    if (trap) trap.spring(link, command);
    else void this.pass(link, link.upstream, command.bytes);
  }

  private async pass(link: Link, to: Socket, bytes: Buffer): Promise<void> {
    const before = link.underWay.get(to);
    if (before || this.delayMs > 0) {
      const arrival = Promise.all([before, delay(this.delayMs)]);
      link.underWay.set(to, arrival);
      await arrival;
      if (link.underWay.get(to) === arrival) link.underWay.delete(to);
    }
    if (!link.isMute && to.writable) to.write(bytes);
  }
}

function end({ client, upstream }: Link): void {
  client.destroy();
  upstream.destroy();
}
