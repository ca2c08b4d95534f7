import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

/**
 * Vite configuration of the example. In your own project, install the packages instead of using
 * aliases, and use @vitejs/plugin-react.
 */
export default {
  build: { outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  esbuild: { jsx: 'automatic' },
  resolve: {
    alias: [
      { find: /^@parley\/client$/, replacement: `${packages}/client/dist/src/index.js` },
      { find: /^@parley\/client\/web$/, replacement: `${packages}/client/dist/src/web/index.js` },
      { find: /^(react|react-dom)(\/.*)?$/, replacement: `${packages}/web/node_modules/$1$2` },
    ],
  },
  server: { proxy: { '^/chat\\.v1\\.': 'http://127.0.0.1:8080' } },
};
