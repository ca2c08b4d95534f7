import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Program, Started } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';

/** Paths of other Nodes, with colons between; `.ci/install` fetches them. */
const nodes = (process.env.TEST_NODES ?? '').split(':').filter((path) => path !== '');
const named = nodes.map((path) => [/node-([\d.]+)/.exec(path)?.[1] ?? path, path] as const);
const each = named.length > 0 ? test.each(named) : test.skip.each([['another version', process.execPath] as const]);

each('starts everything and delivers a message under Node %s', async (_version, node) => {
  const data = await mkdtemp(join(tmpdir(), 'parley-node-'));
  const first = await freePorts(4);
  const [users = '', managers = ''] = [first, first + 1].map((port) => `localhost:${port}`);
  const names = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
  const ports = names.flatMap((name, index) => [name, String(first + index)]);
  const started = new Started(['--data', join(data, 'run'), ...ports], {}, node);
  const parley = (...args: string[]) =>
    new Program(node, [
      join(projectFolder, 'bin', 'parley.js'),
      ...['--login', join(data, 'login.json'), '--user-service', users, '--manager', managers],
      ...args,
    ]);
  const done = async (program: Program, input = '') => {
    program.child.stdin?.write(input);
    expect([await program.end(), program.said]).toEqual([0, expect.any(String)]);
    return program.said;
  };
  try {
    await started.says('everything runs');
    await done(parley('register', 'ann'), 'correct horse battery\n');
    await done(parley('login', 'ann'), 'correct horse battery\n');
    await done(parley('create', 'lobby'));
    await done(parley('chat', 'lobby'), 'hello from another Node\n');
    expect(await done(parley('history', 'lobby'))).toContain('hello from another Node');
  } finally {
    started.child.kill('SIGINT');
    await started.ended;
    await rm(data, { recursive: true });
  }
});
