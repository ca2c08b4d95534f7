import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, launch, Visitor } from '@parley/web/testing';
import { freePorts, Started } from './started.js';

function isOnPath(program: string): boolean {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`]).length > 0;
  } catch {
    return false;
  }
}
const withBoth = isOnPath('envoy') && chromiumPath !== undefined ? describe : describe.skip;

withBoth('the page of npm start, through the real Envoy (skipped without Envoy or Chromium on the PATH)', () => {
  let run: Started;
  let data: string;
  let url: string;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'parley-page-'));
    await chmod(data, 0o755);
    const first = await freePorts(6);
    const options = ['--user-port', '--manager-port', '--web-port', '--envoy-port', '--chat-port'];
    const ports = options.flatMap((name, index) => [name, String(first + index)]);
    run = new Started(['--data', data, ...ports, '--envoy', '--chat-servers', '2']);
    url = `http://127.0.0.1:${first + 3}`;
    await run.says('Press Ctrl-C to stop', 60_000);
  }, 90_000);
  afterAll(async () => {
    run.child.kill('SIGINT');
    await run.ended;
    await rm(data, { recursive: true });
  }, 30_000);

  test('two pages talk, and are back by themselves when every chat server was killed', async () => {
    const browser = await launch();
    const come = async () => Visitor.come(await browser.newContext(), url);
    const [ann, bob] = [await come(), await come()];
    await Promise.all([ann.signUp('ann', 'Ann'), bob.signUp('bob', 'Bob')]);
    await ann.make('through envoy');
    await bob.enter('through envoy');
    await ann.say('before');
    await bob.message('before').waitFor();
    for (const { pid, name } of await run.services()) if (name.includes('chat-service')) process.kill(pid, 'SIGKILL');
    await ann.link('waiting').waitFor();
    await ann.say('meanwhile');
    await Promise.all([ann.live(), bob.live()]);
    await bob.say('after');
    await Promise.all([ann.message('after').waitFor(), bob.message('meanwhile').waitFor()]);
    expect((await ann.texts()).toSorted()).toEqual(['after', 'before', 'meanwhile']);
    expect(await ann.texts()).toEqual(await bob.texts());
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
    await browser.close();
  }, 90_000);
});
