import type { Locator } from 'playwright-core';

/** Number of keys after which an element counts as out of reach. */
const mostKeys = 400;

/** Returns the key that brings the focus nearer to an element, or undefined if it is there. Runs in the page. */
function keyTowards(target: Element): string | undefined {
  const active = document.activeElement ?? document.body;
  if (active === target) return undefined;
  const isBefore = (other: Element) => (active.compareDocumentPosition(other) & 4) !== 0;
  const isRadio = (one: Element) => one instanceof HTMLInputElement && one.type === 'radio';
  const group = target.closest('fieldset, ol, [role=toolbar]');
  const isRoving = isRadio(target) || (target as HTMLElement).tabIndex < 0;
  if (isRoving && group?.contains(active) === true && active.tagName === target.tagName) {
    if (target.closest('[role=toolbar]') !== null) return isBefore(target) ? 'ArrowRight' : 'ArrowLeft';
    return isBefore(target) ? 'ArrowDown' : 'ArrowUp';
  }
  const entry = isRadio(target) ? undefined : group?.querySelector(`${target.tagName}[tabindex="0"]`);
  const goal = isRoving ? (entry ?? target) : target;
  return active === document.body || isBefore(goal) ? 'Tab' : 'Shift+Tab';
}

/** Returns what the user sees of the focus, or an empty text if nothing. Runs in the page. */
function focusMark(target: Element): string {
  const beside = [target, target.nextElementSibling, target.parentElement, target.parentElement?.parentElement];
  const marks = beside.flatMap((one) => {
    if (!one) return [];
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(one);
    const hasOutline = outlineStyle !== 'none' && outlineWidth !== '0px';
    if (hasOutline) return ['outline'];
    const isFrame = one !== target && one.matches(':focus-within') && one.querySelector('textarea') !== null;
    return isFrame ? [`${boxShadow} ${borderColor}`] : [];
  });
  return marks[0] ?? '';
}

/**
 * Moves the focus to an element by the Tab key, and inside of a group by the arrow keys.
 * @throws {Error} if the keys do not lead there, or if nothing shows the focus
 */
export async function reach(target: Locator): Promise<void> {
  await target.waitFor();
  const { keyboard } = target.page();
  for (let keys = 0; keys < mostKeys; keys++) {
    const key = await target.evaluate(keyTowards);
    if (key === undefined) break;
    await keyboard.press(key);
  }
  if ((await target.evaluate(keyTowards)) !== undefined) throw new Error(`The keys do not reach ${target}.`);
  if ((await target.evaluate(focusMark)) === '') throw new Error(`Nothing shows the focus on ${target}.`);
}
