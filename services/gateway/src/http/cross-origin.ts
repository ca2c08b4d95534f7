import type { HttpHandler } from './handler.js';

/** Headers that tell the browser what a page of another origin may send and read. */
interface CrossOriginRules {
  readonly methods: string;
  readonly headers: string;
  readonly exposed: string;
}

const grpcWeb: CrossOriginRules = {
  methods: 'POST',
  headers:
    'authorization, content-type, x-grpc-web, x-user-agent, grpc-timeout, chat-events, chat-resume, x-request-id, traceparent',
  exposed: 'grpc-status, grpc-message, chat-reason, chat-retry-after-ms, chat-token, x-request-id',
};
const api: CrossOriginRules = {
  methods: 'GET, HEAD, POST, PUT, PATCH, DELETE',
  headers:
    'authorization, content-type, idempotency-key, if-match, if-none-match, if-range, last-event-id, cache-control, range, tus-resumable, upload-length, upload-metadata, upload-offset, x-request-id, traceparent',
  exposed:
    'accept-ranges, content-disposition, content-range, etag, link, location, ratelimit, ratelimit-policy, retry-after, tus-extension, tus-max-size, tus-resumable, tus-version, upload-expires, upload-length, upload-offset, x-request-id',
};

/**
 * Creates a handler that lets pages of these origins call, and responds to every preflight. Other
 * origins get no CORS headers.
 */
export function crossOrigin(origins: readonly string[]): HttpHandler {
  return ({ request, response, path }) => {
    const { origin = '', 'access-control-request-method': asked } = request.headers;
    const isPreflight = request.method === 'OPTIONS' && asked !== undefined;
    const rules = path.startsWith('/api/') || path === '/events' ? api : grpcWeb;
    response.setHeader('vary', 'origin');
    if (origins.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', rules.exposed);
      if (isPreflight) {
        response.setHeader('access-control-allow-methods', rules.methods);
        response.setHeader('access-control-allow-headers', rules.headers);
        response.setHeader('access-control-max-age', '600');
      }
    }
    if (isPreflight) response.writeHead(200, { 'content-length': 0 }).end();
    return isPreflight;
  };
}
