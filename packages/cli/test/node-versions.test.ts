import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Program, Started } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';
import { patiently } from './one-process.js';

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
  const options = ['--login', join(data, 'login.json'), '--user-service', users, '--manager', managers];
  const parley = async (input: string, ...args: string[]) => {
    const outcome = await patiently(async () => {
      const program = new Program(node, [join(projectFolder, 'bin', 'parley.js'), ...options, ...args]);
      program.type(input);
      return { code: await program.end(), said: program.said };
    });
    expect(outcome).toEqual({ code: 0, said: expect.any(String) });
    return outcome.said;
  };
  try {
    await started.says('everything runs');
    await parley('correct horse battery', 'register', 'ann');
    await parley('correct horse battery', 'login', 'ann');
    await parley('', 'create', 'lobby');
    await parley('hello from another Node', 'chat', 'lobby');
    expect(await parley('', 'history', 'lobby')).toContain('hello from another Node');
  } finally {
    started.child.kill('SIGINT');
    await started.ended;
    await rm(data, { recursive: true });
  }
});
