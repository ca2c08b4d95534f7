import type { Door } from './door.js';

const allowed = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers':
    'authorization, content-type, x-grpc-web, x-user-agent, grpc-timeout, chat-events, chat-resume',
  'access-control-max-age': '600',
};
const exposed = 'grpc-status, grpc-message, chat-reason, chat-retry-after-ms, chat-token';

/** Lets pages of exactly these origins call, and answers every preflight; others get no word, which browsers take as a no. */
export function crossOrigin(origins: readonly string[]): Door {
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
