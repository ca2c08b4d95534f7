import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { HttpHandler } from './handler.js';
import { type PackedFile, packFile, sendFile } from './packed-file.js';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.map'));
  return files.map((file) => `/${relative(folder, join(file.parentPath, file.name)).split(sep).join('/')}`);
}

/** Documents of a page by the path at which they are served, besides their own. */
type PageEntries = Readonly<Record<string, string>>;

/** The built page in memory. Paths are keys of a map, so no path can leave the folder. */
export class Page {
  readonly #files: ReadonlyMap<string, PackedFile>;

  private constructor(files: ReadonlyMap<string, PackedFile>) {
    this.#files = files;
  }

  /** Reads all files of a folder. A missing folder is an empty page. */
  static async read(folder: string, entries: PageEntries = { '/': '/index.html' }): Promise<Page> {
    const paths = await pathsBelow(folder);
    const packed = async (path: string) => packFile(path, await readFile(join(folder, path)), policy);
    const files = new Map(await Promise.all(paths.map(async (path) => [path, await packed(path)] as const)));
    const served = Object.entries(entries).flatMap(([path, name]) => {
      const file = files.get(name);
      return file === undefined ? [] : [[path, file] as const];
    });
    return new Page(new Map([...files, ...served]));
  }

  /** Serves the file of the path. */
  readonly handle: HttpHandler = (visit) => {
    const { path, request } = visit;
    const file = this.#files.get(path);
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    sendFile(file, visit);
    return true;
  };
}
