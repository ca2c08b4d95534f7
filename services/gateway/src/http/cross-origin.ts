import type { HttpHandler } from './handler.js';

const allowed = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers':
    'authorization, content-type, x-grpc-web, x-user-agent, grpc-timeout, chat-events, chat-resume',
  'access-control-max-age': '600',
};
const exposed = 'grpc-status, grpc-message, chat-reason, chat-retry-after-ms, chat-token';

/**
 * Creates a handler that lets pages of these origins call, and responds to every preflight. Other
 * origins get no CORS headers.
 */
export function crossOrigin(origins: readonly string[]): HttpHandler {
  return ({ request, response }) => {
    const { origin = '', 'access-control-request-method': asked } = request.headers;
    const isPreflight = request.method === 'OPTIONS' && asked !== undefined;
    response.setHeader('vary', 'origin');
    if (origins.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', exposed);
      if (isPreflight) for (const [name, value] of Object.entries(allowed)) response.setHeader(name, value);
    }
    if (isPreflight) response.writeHead(200, { 'content-length': 0 }).end();
    return isPreflight;
  };
}
