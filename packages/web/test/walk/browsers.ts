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
