import type { Locator, Page } from 'playwright-core';
import type { Visitor } from '../browser.js';
import { reach } from './keys.js';

/** A device and the hands that use it: a mouse, a finger or only a keyboard. */
export type Hands = 'mouse' | 'finger' | 'keys';

/** A person of the walk at a device. Does everything with the same hands. */
export class Person {
  readonly name: string;
  readonly userId: string;
  readonly visitor: Visitor;
  readonly page: Page;
  readonly hands: Hands;
  readonly isPhone: boolean;

  constructor(name: string, visitor: Visitor, { hands, isPhone }: { hands: Hands; isPhone: boolean }) {
    this.name = name;
    this.userId = name.toLowerCase();
    this.visitor = visitor;
    this.page = visitor.page;
    this.hands = hands;
    this.isPhone = isPhone;
  }

  /** Returns another tab or device of the same person. */
  with(visitor: Visitor): Person {
    return new Person(this.name, visitor, this);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true });
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  row(name: string | RegExp): Locator {
    return this.page.locator('a.chat', { has: this.page.locator('.chat-name').getByText(name, { exact: true }) });
  }

  message(text: string): Locator {
    return this.visitor.message(text);
  }

  async press(control: Locator): Promise<void> {
    if (this.hands === 'mouse') return control.click();
    if (this.hands === 'finger') return control.tap();
    await reach(control);
    await this.page.keyboard.press('Enter');
  }

  async write(field: Locator, text: string): Promise<void> {
    if (this.hands !== 'keys') return field.fill(text);
    await reach(field);
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }

  focus(element: Locator): Promise<void> {
    return this.hands === 'keys' ? reach(element) : element.focus();
  }

  /** Types key by key, so that the page notices each. */
  async type(field: Locator, text: string): Promise<void> {
    await this.focus(field);
    await this.page.keyboard.type(text);
  }

  /** Checks a box or a choice. */
  async choose(box: Locator): Promise<void> {
    if (this.hands === 'keys') await reach(box);
    if (!(await box.isChecked())) {
      if (this.hands === 'keys') await this.page.keyboard.press('Space');
      else await this.press(box);
    }
    await box.and(this.page.locator(':checked')).waitFor(); // Some wait for the server.
  }

  /** Selects the option of a list that has this text. */
  async select(list: Locator, text: string): Promise<void> {
    if (this.hands === 'keys') {
      await reach(list);
      await this.page.keyboard.type(text);
    } else await list.selectOption(text);
  }

  /** Presses keys that no pointer replaces, such as a shortcut. */
  keys(name: string): Promise<void> {
    return this.page.keyboard.press(name);
  }

  /** Opens a chat from the list, on a phone after leaving the one that is open. */
  async open(name: string): Promise<void> {
    await this.toList();
    await this.press(this.row(name));
    await this.page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
    await this.visitor.live();
  }

  /** Shows the list of chats. A phone shows either the list or a chat. */
  async toList(): Promise<void> {
    const back = this.page.getByRole('main').getByRole('link', { name: /^All (chats|rooms)$/ });
    if (await back.isVisible()) await this.press(back);
  }

  /** Goes to the latest message, if the list is elsewhere. */
  async toEnd(): Promise<void> {
    const end = this.page.locator('.to-end');
    if (await end.isVisible()) await this.press(end);
  }

  async say(text: string): Promise<void> {
    await this.write(this.field('Message'), text);
    if (this.isPhone) await this.press(this.button('Send'));
    else await this.keys('Enter');
  }

  /** Shows the toolbar of a message and presses one of its buttons. */
  async act(text: string, action: string): Promise<void> {
    const message = this.message(text);
    if (this.hands === 'mouse') await message.hover();
    if (this.hands === 'finger') await message.locator('.text').tap();
    if (this.hands === 'keys') await reach(message);
    await this.press(message.getByRole('button', { name: action, exact: true }));
  }

  /** Presses a button of the header of a chat, which a phone has in the menu. */
  async head(action: string): Promise<void> {
    if (this.isPhone) await this.press(this.button('More'));
    await this.press(this.button(action));
  }

  /** Opens a part of the settings. */
  async settings(part: string): Promise<void> {
    const dialog = this.page.locator('dialog.settings');
    if ((await dialog.count()) === 0) {
      await this.toList();
      await this.press(this.button('Settings and profile'));
    }
    await this.press(dialog.getByRole('button', { name: part, exact: true }));
  }

  /** Picks a person in a field that finds people. */
  async pick(label: string, userId: string): Promise<void> {
    await this.write(this.field(label), userId);
    const option = this.page.getByRole('option', { name: userId });
    await option.waitFor();
    if (this.hands === 'keys') await this.keys('Enter');
    else await this.press(option);
    await option.waitFor({ state: 'detached' });
  }
}
