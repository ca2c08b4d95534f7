import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type Chatter, Trio, until } from '@parley/testkit';

const kibibyte = 1_024;

/** A client that opens Connect and then never reads: its HTTP/2 window closes and stays closed. */
class DeadReader {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  readonly reset: Promise<number>;

  constructor(address: string, token: string) {
    this.session = connect(`http://${address}`);
    this.session.on('error', () => {});
    this.stream = this.session.request({
      ':method': 'POST',
      ':path': '/chat.v1.ChatService/Connect',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    });
    this.stream.pause();
    this.reset = new Promise((resolve) => {
      this.stream.on('error', () => {});
      this.stream.once('close', () => resolve(this.stream.rstCode));
    });
  }

  /** Resolves when everything that the server has sent has arrived. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed || !this.session.ping(() => resolve())) resolve();
    });
  }

  /** Resolves when the server has taken the seat. */
  joined(): Promise<void> {
    return new Promise((resolve) => this.stream.once('response', () => resolve()));
  }
}

function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4 * kibibyte;
}

const onLinux = process.platform === 'linux' ? test : test.skip;

describe('A client that never opens its window', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await Trio.start({ chatServers: 1, env: { PARLEY_SENDER_RATE: '1000' } });
  });
  afterAll(() => trio.stop());

  onLinux(
    'a client that never reads is reset when 0.5 to 1.2 MiB behind; the other 24 get every message, and memory is freed',
    async () => {
      const people = await trio.people.makeMany('reader', 25);
      const [first] = people;
      if (first === undefined) throw new Error('nobody');
      const { id } = await trio.create(first, 'slow');
      const others = await Promise.all(people.slice(0, 24).map((one) => trio.join(one, id)));
      const last = people[24];
      if (last === undefined) throw new Error('nobody');
      const listened = await trio.listen(last, id);
      const dead = new DeadReader(listened.server?.addr ?? '', listened.token);
      await dead.joined();
      const { pid } = trio.chatServers[0] ?? { pid: 0 };
      const before = residentBytes(pid);

      let behindAtReset = 0;
      const [sender] = others as [Chatter];
      const size = 8 * kibibyte;
      const sent = 250;
      for (let n = 1; n <= sent; n++) {
        await sender.ask('', { data: Buffer.alloc(size, n), contentType: 'application/octet-stream' });
        await sender.find(({ seq }) => seq === n);
        await dead.caughtUp();
        if (behindAtReset === 0 && dead.stream.closed) behindAtReset = n * size;
      }
      expect(await dead.reset).toBe(constants.NGHTTP2_CANCEL);
      expect(behindAtReset).toBeGreaterThan(0.5 * kibibyte * kibibyte);
      expect(behindAtReset).toBeLessThan(1.2 * kibibyte * kibibyte);
      for (const other of others) {
        await other.find(({ seq }) => seq === sent);
        expect(other.messages.filter(({ seq }) => seq > 0).map(({ seq }) => seq)).toEqual(
          Array.from({ length: sent }, (_, n) => n + 1),
        );
      }
      await until(
        async () => (await trio.people.sql('SELECT FROM chat.seat WHERE user_id = $1', [last.id])).length === 0,
      );
      await Promise.all(others.map((one) => one.leave()));
      dead.session.destroy();
      await until(() => residentBytes(pid) < before * 1.25);
    },
  );
});
