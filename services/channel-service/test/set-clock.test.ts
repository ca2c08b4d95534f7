import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Channel, ChannelKind, ChannelService, Invite } from '@parley/contract';
import { type EmbeddedServer, startEmbedded } from '@parley/database';
import { callUnary } from '@parley/rpc';
import { Chatter, ownerVariable, prepareServer, type TestPerson, Trio, utf8 } from '@parley/testkit';

/** Debian's package faketime, installed by `.ci/install`. */
const library = ['x86_64', 'aarch64']
  .map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketime.so.1`)
  .find(existsSync);
const withFaketime = library === undefined ? describe.skip : describe;

/** Maximum outage in milliseconds: ten seconds per step, plus a reserve for a loaded machine. */
const withinMs = 30_000;

withFaketime("with faketime: PostgreSQL's clock is set", () => {
  let folder: string;
  let postgres: EmbeddedServer;
  let before: string | undefined;
  let trio: Trio;
  let ann: TestPerson;

  const setClock = async (offset: string) => {
    await writeFile(join(folder, 'clock'), `${offset}\n`);
    await pause(100);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-clock-'));
    await chmod(folder, 0o755);
    await setClock('+0');
    const environment = {
      LD_PRELOAD: library as string,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    postgres = await startEmbedded({ dataDir: folder, environment, log: () => {} });
    await prepareServer(postgres.url);
    before = process.env[ownerVariable];
    process.env[ownerVariable] = postgres.url;
    trio = await Trio.start({ chatServers: 2 });
    ann = await trio.people.make('ann');
  });

  afterAll(async () => {
    await trio?.stop();
    process.env[ownerVariable] = before;
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Retries within the rate limit of one listener. */
  async function until<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (performance.now() - began > withinMs) throw cause;
        await pause(1_100);
      }
    }
  }

  test.each(['+1h', '+0', '-1d', '+3h', '+2h59m', '+0'])(
    'with the clock set to %s, users still listen and a dead chat server is replaced',
    async (offset) => {
      const room = await trio.create(ann, 'clock');
      const chatter = new Chatter(await until(() => trio.listen(ann, room.id)), { events: true });
      await chatter.find(({ welcome }) => welcome !== undefined);
      await setClock(offset);
      let said = 0;
      await until(async () => {
        for (let n = 0; n < 30; n++) chatter.send(`${++said}`);
        const last = String(said);
        await chatter.find(({ seq, data }) => seq > 0 && utf8(data) === last, 1_000);
      });
      chatter.cancel();
      const addr = (await trio.listen(ann, room.id).catch(() => undefined))?.server?.addr;
      const [{ addr: owner } = { addr }] = (await trio.people.sql(
        'SELECT s.addr FROM chat.channel_head h JOIN chat.server s USING (instance_id) WHERE h.channel_id = $1',
        [room.id],
      )) as { addr: string }[];
      const victim = trio.chatServers.find(({ grpc }) => grpc === owner);
      victim?.kill('SIGKILL');
      await victim?.exited;
      await until(async () => {
        const { server } = await trio.listen(ann, room.id);
        if (server?.addr === owner) throw new Error(`${owner} is dead`);
      });
      if (victim !== undefined) trio.chatServers.splice(trio.chatServers.indexOf(victim), 1);
      await trio.addChatServer();
    },
  );

  test('mutes, bans and invite links end by the clock of PostgreSQL', async () => {
    const bob = await trio.people.make('bob');
    const group = Channel.fromPartial({ name: 'clock', kind: ChannelKind.GROUP });
    const { id: channelId } = await callUnary(trio.manager(), ChannelService.create, group, { ...ann, withinMs });
    await trio.changeMember(ann, { channelId, userId: bob.id, add: true });
    const mute = (muteUntil: number) => trio.changeMember(ann, { channelId, userId: bob.id, muteUntil });
    const invite = (expiresAt: number) => {
      const fields = Invite.fromPartial({ channelId, expiresAt });
      return callUnary(trio.manager(), ChannelService.createInvite, fields, { ...ann, withinMs });
    };
    const hourMs = 3_600_000;
    await setClock('+2h');
    const inAnHour = Date.now() + hourMs;
    await until(() => expect(mute(inAnHour)).rejects.toMatchObject({ reason: 'invalid-member-change' }));
    await until(() => expect(invite(inAnHour)).rejects.toMatchObject({ reason: 'invalid-invite' }));
    await setClock('-2h');
    const anHourAgo = Date.now() - hourMs;
    await until(() => mute(anHourAgo));
    await until(() => invite(anHourAgo));
    await setClock('+0');
  });
});
