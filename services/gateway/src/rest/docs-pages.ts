import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Logger, version } from '@parley/runtime';
import { openApi } from '../api/open-api.js';
import type { HttpHandler } from '../http/handler.js';
import { type PackedFile, packFile, sendFile } from '../http/packed-file.js';
import { problemShape } from './problem.js';
import { restForm } from './rest-form.js';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // Swagger UI sets styles of elements.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const description = `Everything that a user of Parley may do, as JSON over HTTP.

Open a session to get a token, and send it as \`Authorization: Bearer <token>\`. An error is
\`application/problem+json\` with a stable \`reason\`. Lists come in pages: pass \`next\` as \`after\`.
Times are by RFC 3339. docs/rest.md has examples.`;

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Parley REST API</title>
    <link rel="stylesheet" href="/api/v1/docs/swagger-ui.css">
  </head>
  <body>
    <main id="api"></main>
    <script src="/api/v1/docs/swagger-ui-bundle.js"></script>
    <script src="/api/v1/docs/start.js"></script>
  </body>
</html>
`;
const script = `SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#api', validatorUrl: null });
`;

/** Returns the OpenAPI document of the REST API. */
export function restDocument(): Record<string, unknown> {
  return openApi(restForm.routes, {
    ...{ title: 'Parley', description, version, prefix: restForm.prefix, problem: problemShape },
  });
}

const swaggerFile = (name: string) => () => readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));
const text = (content: () => string) => async () => Buffer.from(content());

/** The pages by path, each with the name that decides its type, and with its content. */
const pages: Readonly<Record<string, readonly [name: string, read: () => Promise<Buffer>]>> = {
  '/api/v1/openapi.json': ['openapi.json', text(() => `${JSON.stringify(restDocument(), undefined, 2)}\n`)],
  '/api/v1/docs': ['index.html', text(() => html)],
  '/api/v1/docs/start.js': ['start.js', text(() => script)],
  '/api/v1/docs/swagger-ui.css': ['swagger-ui.css', swaggerFile('swagger-ui.css')],
  '/api/v1/docs/swagger-ui-bundle.js': ['swagger-ui-bundle.js', swaggerFile('swagger-ui-bundle.js')],
};

/** Creates a handler that serves the OpenAPI document, and a page where calls can be tried. */
export function serveApiDocs(log: Logger): HttpHandler {
  const files = new Map<string, Promise<PackedFile>>();
  return (visit) => {
    const { path, request, response } = visit;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    const [name, read] = page;
    const file = files.get(path) ?? read().then((bytes) => packFile(name, bytes, policy));
    files.set(path, file);
    file.then(
      (packed) => sendFile(packed, visit),
      (err: unknown) => {
        files.delete(path);
        log.error({ err, path }, 'cannot read a page of the documentation');
        response.writeHead(500).end();
      },
    );
    return true;
  };
}
