import { bearerOf } from '@parley/service-kit';
import { route } from '../api/route.js';
import { isOverTls, setTokenCookie, type TokenCookie } from '../http/token-cookie.js';

/** Gives a browser the token for downloads, and for nothing else. */
export const fileCookie: TokenCookie = { name: 'parley_files', path: '/api/v1/files' };

const path = '/sessions/current/file-cookie';
const tag = 'files';

const setCookie = route({
  ...{ method: 'PUT', path, tag },
  summary: 'Sets a cookie with which the browser downloads files of this session, for pictures, players and links.',
  run: async ({ calls, incoming, headers, setHeader }) => {
    await calls.me();
    setHeader('set-cookie', setTokenCookie(fileCookie, bearerOf(headers.authorization), isOverTls(incoming)));
  },
});

const deleteCookie = route({
  ...{ method: 'DELETE', path, tag, isPublic: true },
  summary: 'Deletes the cookie for files, also after the session has ended.',
  run: async ({ incoming, setHeader }) => setHeader('set-cookie', setTokenCookie(fileCookie, '', isOverTls(incoming))),
});

/** The cookie with which a page shows files. */
export const cookieRoutes = [setCookie, deleteCookie];
