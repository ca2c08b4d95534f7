import { spawnSync } from 'node:child_process';
import { projectFolder } from '../src/launcher/options.js';

test('npm start says how to raise a low limit of open files', () => {
  const command = `ulimit -n 256; exec '${process.execPath}' scripts/start.mjs --help`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: projectFolder, encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([
    2,
    '',
    expect.stringMatching(
      /^parley: A process may open only 256 files here, .*\. Run `ulimit -n 4096`, then start again .*\n$/,
    ),
  ]);
});
