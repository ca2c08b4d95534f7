/** Path under which the page itself is stored. */
export const pagePath = '/';

interface FileRequest {
  readonly method: string;
  readonly url: string;
}

/**
 * Returns the path under which the file of a request may be stored, or undefined if it never is: for
 * another origin, or a request that changes something or asks for less than the whole file.
 */
export function pathInCache({ method, url }: FileRequest, origin: string): string | undefined {
  const { origin: from, pathname } = new URL(url);
  return method === 'GET' && from === origin ? pathname : undefined;
}

/** Returns whether a path may be a file of an older version of the page. Its name contains its hash. */
export function isOlderFile(path: string): boolean {
  return path.startsWith('/assets/');
}
