import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, freePorts, Grpcurl, headerOf, type Program, Started } from '@parley/testkit';
import { chromiumPath, launch, Visitor } from '@parley/web/testing';

function isOnPath(program: string): boolean {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`]).length > 0;
  } catch {
    return false;
  }
}
const hasAll = isOnPath('envoy') && Grpcurl.isHere && chromiumPath !== undefined;
const withAll = hasAll ? describe : describe.skip;
const talks = 20;
type Door = 'gateway' | 'envoy';

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

withAll('the page of npm start, in Chromium (skipped without Chromium, Envoy or grpcurl on the PATH)', () => {
  const grpcurl = Grpcurl.ofOriginal();
  let run: Started;
  let data: string;
  let ports: { user: string; manager: string; gateway: string; envoy: string };
  let browser: Awaited<ReturnType<typeof launch>>;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'parley-page-'));
    await chmod(data, 0o755);
    const first = await freePorts(6);
    const at = (place: number) => `127.0.0.1:${first + place}`;
    ports = { user: at(0), manager: at(1), gateway: at(2), envoy: at(3) };
    const options = ['--user-port', '--manager-port', '--web-port', '--envoy-port', '--chat-port'];
    const args = options.flatMap((name, index) => [name, String(first + index)]);
    run = new Started(['--data', data, ...args, '--envoy', '--chat-servers', '2']);
    await run.says('Press Ctrl-C to stop', 60_000);
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    run.child.kill('SIGINT');
    await run.ended;
    await rm(data, { recursive: true });
  });

  /** Joins the room of that name with grpcurl, through Envoy if the test uses it. */
  async function joinByHand(userId: string, room: string, door: Door): Promise<Program> {
    const isNative = door === 'envoy';
    const [users, channels] = isNative ? [ports.envoy, ports.envoy] : [ports.user, ports.manager];
    const token = await grpcurl.signUp(users, userId);
    const listed = await grpcurl.call(channels, 'ChannelService/List', {}, token);
    const id = Number(new RegExp(`"id": (\\d+),\\s+"name": "${room}"`).exec(listed)?.[1]);
    const listened = await grpcurl.call(channels, 'ChannelService/Listen', { id }, token);
    const { addr } = bodyOf(listened).server as { addr: string };
    return grpcurl.connect(isNative ? ports.envoy : addr, headerOf(listened, 'chat-token'));
  }

  test.each(['gateway', 'envoy'] as const)(
    'delivers messages between two pages and grpcurl through the %s, and reconnects after every chat server was killed',
    async (door) => {
      const come = async () => Visitor.come(await browser.newContext(), `http://${ports[door]}`);
      const [ann, bob] = [await come(), await come()];
      await Promise.all([ann.signUp(`ann-${door}`, 'Ann'), bob.signUp(`bob-${door}`, 'Bob')]);
      await ann.make(`by ${door}`);
      await bob.enter(`by ${door}`);
      const eve = await joinByHand(`eve-${door}`, `by ${door}`, door);
      await ann.page.getByRole('button', { name: /3.*people in this room/ }).waitFor();
      const told: string[] = [];
      const tookMs: number[] = [];
      for (let k = 1; k <= talks; k++) {
        const text = `${door} ${k}`;
        told.push(text);
        const data64 = Buffer.from(text).toString('base64');
        const began = performance.now();
        if (k % 2 === 0) await ann.say(text);
        else eve.type(JSON.stringify({ data: data64 }));
        await Promise.all([ann.message(text).waitFor(), bob.message(text).waitFor(), eve.says(data64)]);
        tookMs.push(Math.round(performance.now() - began));
      }
      process.stdout.write(`${JSON.stringify({ door, slowestMs: Math.max(...tookMs), medianMs: median(tookMs) })}\n`);
      expect([ann.streams, bob.streams]).toEqual([1, 1]);
      expect(median(tookMs)).toBeLessThan(5_000);

      for (const { pid, name } of await run.services()) if (name.includes('chat-service')) process.kill(pid, 'SIGKILL');
      await ann.link('waiting').waitFor();
      await ann.say('meanwhile');
      await Promise.all([ann.live(), bob.live()]);
      await bob.say('after');
      await Promise.all([ann.message('after').waitFor(), bob.message('meanwhile').waitFor()]);
      const [annDrawn, bobDrawn] = [await ann.texts(), await bob.texts()];
      const both = Math.min(annDrawn.length, bobDrawn.length); // Each page renders only the rows near its window.
      const drawn = annDrawn.slice(-both);
      expect(both).toBeGreaterThan(10);
      expect(drawn.slice(-2).toSorted()).toEqual(['after', 'meanwhile']);
      expect(drawn.slice(0, -2)).toEqual(told.slice(-(drawn.length - 2)));
      expect(bobDrawn.slice(-both)).toEqual(drawn);
      expect([ann.complaints, bob.complaints]).toEqual([[], []]);
      await eve.end();
    },
  );
});
