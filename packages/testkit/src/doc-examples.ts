import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Returns the code of every `@example` in the doc comments of a source text. */
function examplesIn(source: string): string[] {
  const comments = source.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  const texts = comments.map((comment) => comment.replace(/^\s*\* ?/gm, ''));
  return texts.flatMap((text) => Array.from(text.matchAll(/@example\n```ts\n([\s\S]*?)```/g), ([, code = '']) => code));
}

/**
 * Compiles each `@example` of a package's sources as a module of that package, with the options of
 * the workspace. Returns the number of examples and the compiler's output, which is empty on success.
 * @param folder of the package, from the root of the repository, such as `packages/client`
 */
export function compileExamples(folder: string): { count: number; errors: string } {
  const source = join(root, folder, 'src');
  const target = join(root, folder, 'dist', 'doc-examples');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  const examples = files.flatMap((name) => examplesIn(readFileSync(join(source, name), 'utf8')));
  mkdirSync(target, { recursive: true });
  const compilerOptions = { noEmit: true, composite: false, noUnusedLocals: false };
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
  writeFileSync(join(target, 'tsconfig.json'), JSON.stringify(config));
  for (const [n, code] of examples.entries()) writeFileSync(join(target, `example-${n + 1}.ts`), code);
  try {
    execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', target], { encoding: 'utf8' });
    return { count: examples.length, errors: '' };
  } catch (thrown) {
    return { count: examples.length, errors: (thrown as { stdout: string }).stdout };
  } finally {
    rmSync(target, { recursive: true });
  }
}
