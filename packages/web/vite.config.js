import { defineConfig } from 'vite';

/** Bundles the output of `tsc -b`, so that tests cover the code that is served. */
export default defineConfig({
  build: { outDir: 'dist/page', target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '^/chat\\.v1\\.': 'http://127.0.0.1:8080' } },
});
