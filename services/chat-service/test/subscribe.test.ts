import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type Ack, ChatService, Kind, type ListenResponse, Message, Resume, SubscribeRequest } from '@parley/contract';
import { bearerMetadata, callUnary, clientOptions, startServerStream } from '@parley/rpc';
import { Chatter, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let clients: Map<string, Client>;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2, env: { PARLEY_SENDER_RATE: '1000' } });
  const open = ({ grpc }: { grpc: string }) => new Client(grpc, credentials.createInsecure(), clientOptions);
  clients = new Map(trio.chatServers.map((one) => [one.grpc, open(one)]));
});
afterAll(async () => {
  for (const client of clients.values()) client.close();
  await trio.stop();
});

let tests = 0;
let room: number;
beforeEach(async () => {
  tests += 1;
  [ann, bob] = [await trio.people.make(`ann-${tests}`), await trio.people.make(`bob-${tests}`)];
  room = (await trio.create(ann, `room ${tests}`)).id;
});

function serverOf({ server }: ListenResponse): Client {
  return clients.get(server?.addr ?? '') as Client;
}

/** A client like a browser: a Subscribe stream, and separate Send calls. */
class Page {
  readonly seat: ListenResponse;
  readonly frames: Message[] = [];
  readonly ended: Promise<string>;
  readonly #stream: ClientReadableStream<Message>;

  constructor(seat: ListenResponse, request: Partial<SubscribeRequest> = {}, resume?: string) {
    this.seat = seat;
    const metadata = bearerMetadata(seat.token);
    if (resume !== undefined) metadata.set('chat-resume', resume);
    const asked = SubscribeRequest.fromPartial(request);
    this.#stream = startServerStream(serverOf(seat), ChatService.subscribe, asked, metadata);
    this.#stream.on('data', (frame: Message) => this.frames.push(frame));
    this.ended = new Promise((resolve) => {
      this.#stream.on('error', ({ metadata }: ServiceError) => resolve(String(metadata.get('chat-reason')[0])));
      this.#stream.on('end', () => resolve('ok'));
    });
  }

  send(fields: Partial<Message>, token = this.seat.token): Promise<Ack> {
    return send(serverOf(this.seat), fields, token);
  }

  async find(fits: (frame: Message) => boolean): Promise<Message> {
    await until(() => this.frames.some(fits));
    return this.frames.find(fits) as Message;
  }

  get texts(): string[] {
    return this.frames.filter(({ seq }) => seq > 0).map(({ data }) => utf8(data));
  }

  cancel(): void {
    this.#stream.cancel();
  }
}

function send(client: Client, fields: Partial<Message>, token: string | undefined): Promise<Ack> {
  const message = Message.fromPartial(fields);
  return callUnary(client, ChatService.send, message, { withinMs: 30_000, ...(token !== undefined && { token }) });
}

async function open(person: TestPerson, ...more: [Partial<SubscribeRequest>?, string?]): Promise<Page> {
  const page = new Page(await trio.listen(person, room), ...more);
  await page.find(({ welcome }) => welcome !== undefined);
  return page;
}

const said = (text: string, fields: Partial<Message> = {}) => ({ data: Buffer.from(text), ...fields });
const seqs = (page: Page) => page.frames.filter(({ seq }) => seq > 0).map(({ seq }) => seq);

describe('Subscribe and Send', () => {
  test('Subscribe and Send share one seat, and Subscribe receives the same entries as Connect', async () => {
    const chatter = await trio.join(bob, room);
    const page = await open(ann);
    await chatter.find(({ presence }) => presence?.came[0]?.id === ann.id);
    const ack = await page.send(said('from the page', { sender: 'mallory', seq: 9 }));
    expect(ack).toMatchObject({ seq: 1, refusal: undefined });
    chatter.send('from the terminal');
    await page.find(({ seq }) => seq === 2);
    expect(page.frames.filter(({ seq }) => seq > 0)).toEqual(chatter.messages.filter(({ seq }) => seq > 0));
    expect(chatter.messages.find(({ seq }) => seq === 1)).toMatchObject({ sender: ann.id, timestamp: ack.timestamp });
    expect(await page.send({ typing: { userId: '', stopped: false } })).toMatchObject({ seq: 0, refusal: undefined });
    await chatter.find(({ typing }) => typing?.userId === ann.id);
    page.cancel();
    await chatter.find(({ presence }) => presence?.went[0]?.id === ann.id);
    await chatter.leave();
  });

  test('Send accepts many messages at once, and returns the first ack for a retry', async () => {
    const page = await open(ann);
    const clientId = 'aaaaaaaa-0000-4000-8000-000000000001';
    const first = await page.send(said('first', { clientId }));
    expect(await page.send(said('first', { clientId }))).toEqual(first);
    await Promise.all(Array.from({ length: 50 }, (_, n) => page.send(said(`${n}`))));
    await page.find(({ seq }) => seq === 51);
    expect(page.texts.slice(1).sort()).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`).sort());
    page.cancel();
  });

  test('Send refuses a message without visible text', async () => {
    const page = await open(ann);
    for (const text of ['', ' \n', '\u200b']) {
      expect((await page.send(said(text))).refusal?.reason).toBe('empty-message');
    }
    page.cancel();
  });

  test('Send has the rate limit of a Connect stream', async () => {
    const seat = await trio.listen(ann, room);
    const chatter = new Chatter(seat, { events: true });
    chatter.send('one', { clientId: 'aaaaaaaa-0000-4000-8000-000000000001' });
    await chatter.find(({ ack }) => ack?.seq === 1);
    const bytes = Message.fromPartial({ data: Buffer.from('two') });
    const client = serverOf(seat);
    const ack = await callUnary(client, ChatService.send, bytes, { token: seat.token, withinMs: 30_000 });
    expect(ack.seq).toBe(2);
    await chatter.leave();
  });

  test('Send reports a refused message in its ack and keeps the stream open', async () => {
    const page = await open(ann);
    const large = await page.send({ data: Buffer.alloc(65_537), clientId: 'aaaaaaaa-0000-4000-8000-000000000002' });
    expect(large.refusal?.reason).toBe('message-too-large');
    expect(large.clientId).toBe('aaaaaaaa-0000-4000-8000-000000000002');
    expect((await page.send(said('x', { kind: Kind.EDIT, targetSeq: 1 }))).refusal?.reason).toBe('message-not-found');
    expect((await page.send(said('x', { channelId: room + 1 }))).refusal?.reason).toBe('invalid-message');
    expect((await page.send(said('fine'))).seq).toBe(1);
    page.cancel();
  });

  test('Send reports errors of token and seat as gRPC statuses', async () => {
    const early = await trio.listen(ann, room);
    const there = serverOf(early);
    const elsewhere = [...clients.values()].find((client) => client !== there) as Client;
    const refusal = (reason: string) => expect.objectContaining({ reason });
    await expect(send(there, said('x'), undefined)).rejects.toEqual(refusal('unauthenticated'));
    await expect(send(there, said('x'), ann.token)).rejects.toEqual(refusal('invalid-token'));
    await expect(send(there, said('x'), early.token)).rejects.toEqual(refusal('seat-gone'));
    await expect(send(elsewhere, said('x'), early.token)).rejects.toEqual(refusal('moved'));
    const page = new Page(early);
    await page.find(({ welcome }) => welcome !== undefined);
    await expect(send(elsewhere, said('x'), early.token)).rejects.toEqual(refusal('moved'));
    expect(await new Page(early).ended).toBe('seat-gone');
    const newer = await open(ann);
    expect(await page.ended).toBe('replaced');
    await expect(page.send(said('x'))).rejects.toEqual(refusal('seat-gone'));
    expect((await newer.send(said('still'))).seq).toBe(1);
    newer.cancel();
  });

  test('Send reports malformed bytes as a status and keeps the stream open', async () => {
    const page = await open(ann);
    const raw = (bytes: Buffer) =>
      new Promise<ServiceError | null>((resolve) =>
        serverOf(page.seat).makeUnaryRequest(
          '/chat.v1.ChatService/Send',
          (value: Buffer) => value,
          (value: Buffer) => value,
          bytes,
          bearerMetadata(page.seat.token),
          (error) => resolve(error),
        ),
      );
    expect(await raw(Buffer.from([0xff, 0xff]))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((await page.send(said('on'))).seq).toBe(1);
    page.cancel();
  });

  test.each(['request', 'metadata'])('Subscribe resumes at the position in the %s', async (way) => {
    const talker = await open(bob);
    const page = await open(ann);
    await talker.send(said('one'));
    await page.find(({ seq }) => seq === 1);
    const { log = '' } = page.frames[0]?.welcome ?? {};
    page.cancel();
    await talker.send(said('two'));
    const again = way === 'request' ? await open(ann, { log, afterSeq: 1 }) : await open(ann, {}, `${log}:1`);
    await talker.send(said('three'));
    await again.find(({ seq }) => seq === 3);
    expect(again.frames[0]?.welcome?.resume).toBe(Resume.WHOLE);
    expect(seqs(again)).toEqual([2, 3]);
    for (const one of [again, talker]) one.cancel();
    const bad = new Page(await trio.listen(bob, room), { log: 'x' });
    expect(await bad.ended).toBe('invalid-metadata');
  });

  test('Subscribe ends a stream after megabytes with a goodbye, and the next stream has the rest', async () => {
    const talker = await trio.join(bob, room);
    let page = await open(ann);
    const got: number[] = [];
    const total = 90;
    for (let n = 0; n < total; n++) {
      talker.send('', {
        data: Buffer.alloc(65_000, n),
        contentType: 'application/octet-stream',
        clientId: `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`,
      });
      if (n % 8 === 7) await talker.find(({ seq }) => seq === n + 1);
    }
    await talker.find(({ seq }) => seq === total);
    expect(await page.ended).toBe('long-stream');
    const goodbye = page.frames.at(-1)?.goodbye;
    expect(goodbye).toMatchObject({ reason: 'long-stream', listenAgain: true });
    got.push(...seqs(page));
    expect(goodbye?.seq).toBe(got.at(-1));
    expect(got.length).toBeGreaterThan(60);
    expect(got.length).toBeLessThan(total);
    page = await open(ann, { log: goodbye?.log ?? '', afterSeq: got.at(-1) ?? 0 });
    const resume = page.frames[0]?.welcome?.resume;
    if (resume === Resume.WHOLE) await page.find(({ seq }) => seq === total);
    expect([...got, ...seqs(page)]).toEqual(
      resume === Resume.WHOLE ? Array.from({ length: total }, (_, n) => n + 1) : got,
    );
    page.cancel();
    await talker.leave();
  });
});
