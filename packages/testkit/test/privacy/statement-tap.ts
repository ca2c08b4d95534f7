import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const headerBytes = 5;

/** Parser of the bytes that a client sends to PostgreSQL. Finds the statements in them. */
class StatementReader {
  readonly #onStatement: (name: string) => void;
  /** Texts of the prepared statements of the connection by their names. */
  readonly #texts = new Map<string, string>();
  #rest: Buffer = Buffer.alloc(0);
  #isStarted = false;

  constructor(onStatement: (name: string) => void) {
    this.#onStatement = onStatement;
  }

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isStarted) this.#skipStart();
    while (this.#isStarted && this.#rest.length >= headerBytes) {
      const end = 1 + this.#rest.readUInt32BE(1);
      if (this.#rest.length < end) return;
      this.#take(this.#rest.toString('latin1', 0, 1), this.#rest.toString('utf8', headerBytes, end).split('\0'));
      this.#rest = this.#rest.subarray(end);
    }
  }

  /** Skips the first message of a connection, which has no type byte. */
  #skipStart(): void {
    if (this.#rest.length < 4 || this.#rest.length < this.#rest.readUInt32BE(0)) return;
    this.#rest = this.#rest.subarray(this.#rest.readUInt32BE(0));
    this.#isStarted = true;
  }

  #take(type: string, [first = '', second = '']: readonly string[]): void {
    if (type === 'P') this.#texts.set(first, second);
    if (type === 'Q') this.#onStatement(first);
    if (type === 'B') this.#onStatement(this.#texts.get(second) ?? second);
  }
}

/** A proxy in front of PostgreSQL that records the statements of a service. */
export class StatementTap {
  readonly statements: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const database = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
      const reader = new StatementReader((statement) => this.statements.push(statement));
      client.on('data', (chunk) => reader.read(chunk));
      client.pipe(database).pipe(client);
      for (const socket of [client, database]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => [client, database].forEach((one) => void one.destroy()));
      }
    });
  }

  static async open(databaseUrl: string): Promise<StatementTap> {
    const tap = new StatementTap(new URL(databaseUrl));
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** Returns the URL of a database through this proxy. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /**
   * Returns the statements that run during a call, including the statements of the service's
   * timers.
   */
  async during(call: () => Promise<unknown>): Promise<readonly string[]> {
    const from = this.statements.length;
    await call();
    return this.statements.slice(from);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
