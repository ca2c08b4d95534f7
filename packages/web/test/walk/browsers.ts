import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserType } from 'playwright-core';
import { launchWhole } from '../browser.js';
import type { OpenContext } from './walk.js';

/** A browser of the walk. */
export interface WalkedBrowser {
  readonly open: OpenContext;
  readonly close: () => Promise<void>;
}

/** Starts a Chromium in which pages of this address may show notifications and copy. */
export async function openChromium(url: string): Promise<WalkedBrowser> {
  const browser = await launchWhole();
  const open: OpenContext = async ({ viewport, isPhone, calm }) => {
    const context = await browser.newContext({
      viewport,
      isMobile: isPhone,
      hasTouch: isPhone,
      reducedMotion: calm ? 'reduce' : 'no-preference',
    });
    await context.grantPermissions(['notifications', 'clipboard-read', 'clipboard-write'], { origin: url });
    return context;
  };
  return { open, close: () => browser.close() };
}

const firefoxPreferences = {
  'permissions.default.desktop-notification': 1,
  'dom.events.testing.asyncClipboard': true,
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'ui.prefersReducedMotion': 1,
};

/**
 * Starts a Firefox by WebDriver BiDi. The playwright-core in the folder must be 1.56: later ones send
 * commands that the Firefox of Debian does not know, and name the browser differently.
 */
export async function openFirefox(folder: string, executablePath: string): Promise<WalkedBrowser> {
  const load = createRequire(join(folder, 'package.json'));
  const { _bidiFirefox: firefox } = load('playwright-core') as { _bidiFirefox: BrowserType };
  const browser: Browser = await firefox.launch({
    executablePath,
    firefoxUserPrefs: firefoxPreferences,
    timeout: 120_000,
  });
  const open: OpenContext = ({ viewport }) => browser.newContext({ viewport }); // It has no touch.
  return { open, close: () => browser.close() };
}
