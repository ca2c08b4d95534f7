/** Runs every check that does not execute the code. Stops at the first failure. */
import { giveUp, run, runTool, setUp } from './setup.mjs';

setUp();
const steps = {
  'generated code': () => run(process.execPath, ['scripts/generate.mjs', '--check']),
  'format and lint': () => runTool('@biomejs/biome', 'bin/biome', ['check', '--error-on-warnings', '.']),
  'import law and circles': () =>
    runTool('dependency-cruiser', 'bin/dependency-cruise.mjs', [
      '--config',
      '.dependency-cruiser.cjs',
      'packages',
      'services',
    ]),
  'sizes and any': () => run(process.execPath, ['scripts/measure.mjs', '--check']),
};
for (const [name, step] of Object.entries(steps)) {
  process.stdout.write(`── ${name}\n`);
  if (step() !== 0) giveUp(`The check "${name}" failed.`);
}
