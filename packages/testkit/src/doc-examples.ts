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

/** Returns the names of the values that the index files of a package export. */
function exportedNames(indexes: readonly string[]): string[] {
  const lists = indexes.flatMap((text) => Array.from(text.matchAll(/^export \{([^}]*)\}/gm), ([, list = '']) => list));
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.trim());
  return names.filter((name) => /^\w+$/.test(name));
}

/**
 * Returns the functions and classes that a package exports without an `@example`. Exports of other
 * packages are not its own.
 * @param folder of the package, from the root of the repository, such as `packages/client`
 */
export function exportsWithoutExample(folder: string): string[] {
  const source = join(root, folder, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  const textOf = (name: string) => readFileSync(join(source, name), 'utf8');
  const texts = files.map(textOf);
  const isBare = (name: string) => {
    const declared = new RegExp(
      `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\s*)?export (?:async )?(?:function|class) ${name}\\b`,
    );
    const found = texts.map((text) => declared.exec(text)).find((match) => match !== null);
    return found !== undefined && !found[1]?.includes('@example');
  };
  return exportedNames(files.filter((name) => /(^|\/)index\.ts$/.test(name)).map(textOf)).filter(isBare);
}

/**
 * Compiles each `@example` of a package's sources as a module of that package, with the options of
 * the workspace. Returns the number of examples and the compiler's output; no output means success.
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
