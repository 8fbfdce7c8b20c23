import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    // Under the page's policy a script may not make scripts; today's browsers need no polyfill.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  json: { namedExports: true },
});
