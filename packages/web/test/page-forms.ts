import { inChromium, stage } from './stage.js';

inChromium('forms', () => {
  test('explains that a display name is optional, what a password needs, and what to do if there are no rooms', async () => {
    const { page } = await stage.stranger();
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('Display name (optional)').waitFor();
    await page.getByText('Very common passwords are refused.', { exact: false }).waitFor();
    await page.getByText('Nobody can recover a forgotten password.', { exact: false }).waitFor();
    await page.getByLabel('User ID').fill(stage.userId('plain'));
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await page.getByLabel('Password').getAttribute('type')).toBe('text');
    await page.getByRole('button', { name: 'Hide password' }).click();
    expect(await page.getByLabel('Password').getAttribute('type')).toBe('password');
    await page.getByLabel('Password').focus();
    await page.keyboard.press('Enter');
    await page.getByText('There are no rooms yet. Create a room', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Create room' }).first().click();
    await page.getByLabel('Maximum number of people').waitFor();
  });

  test('focuses the name of a new room, in which a space does not close the dialog', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.getByRole('button', { name: 'Create room' }).first().click();
    const name = ann.page.getByLabel('Name', { exact: true });
    await ann.focused(name);
    await ann.page.keyboard.type('Gus room');
    expect(await name.inputValue()).toBe('Gus room');
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('heading', { level: 2, name: 'Gus room', exact: true }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('focuses the user ID on the sign-in page', async () => {
    const visitor = await stage.stranger();
    const field = visitor.page.getByLabel('User ID');
    await visitor.focused(field);
    await visitor.page.keyboard.type('ann');
    expect(await field.inputValue()).toBe('ann');
  });

  test.each(['Create an account', 'Sign in'])(
    '%s: refuses a password of 80 bytes instead of truncating it',
    async (what) => {
      const visitor = await stage.stranger();
      const { page } = visitor;
      if (what !== 'Sign in') await page.getByRole('button', { name: what }).click();
      await page.getByLabel('User ID').fill('gus');
      await page.getByLabel('Password').fill('é'.repeat(40));
      expect((await page.getByLabel('Password').inputValue()).length).toBe(40);
      await page.keyboard.press('Enter');
      await page.getByText('Use a password of 8 to 72 bytes', { exact: false }).first().waitFor();
      expect([visitor.count('Register'), visitor.count('Login'), ...visitor.complaints]).toEqual([0, 0]);
    },
  );

  test('shows the server’s text for a common password below its field', async () => {
    const { page } = await stage.stranger();
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('User ID').fill('common-gus');
    await page.getByLabel('Password').fill('Password1');
    await page.keyboard.press('Enter');
    await page.getByText('That password is too common. Choose one that is hard to guess.', { exact: true }).waitFor();
    expect(await page.getByLabel('Password').getAttribute('aria-invalid')).toBe('true');
  });

  test('removes the error of a field once the user types in it', async () => {
    const ann = await stage.somebody('Ann');
    const taken = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    const { page } = await stage.stranger();
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('User ID').fill(taken);
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByText('That user ID is taken. Choose another.', { exact: true }).waitFor();
    await page.getByLabel('Password').pressSequentially('!');
    expect(await page.getByText('That user ID is taken.').count()).toBe(1);
    await page.getByLabel('User ID').pressSequentially('x');
    await page.getByText('That user ID is taken.').waitFor({ state: 'detached' });
  });

  test('asks for an invitation code once the server wants one', async () => {
    const ann = await stage.somebody('Ann');
    const code = 'page-invitation-code-22';
    await stage.trio.people.sql(
      `INSERT INTO chat.invite (id, created_by) SELECT $1, id FROM chat.users WHERE name = 'Ann' LIMIT 1`,
      [code],
    );
    const { grpc } = await stage.trio.startUserService({ PARLEY_REGISTRATION: 'invite' });
    const gateway = await stage.trio.startGateway({ PARLEY_USER_SERVICES: grpc });
    const { page } = ann;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto(gateway.http);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('User ID').fill(stage.userId('guest'));
    await page.getByLabel('Password').fill('correct horse');
    expect(await page.getByLabel('Invitation code').count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.getByText('An account here needs an invitation. Ask an operator for one.', { exact: true }).waitFor();
    await page.getByLabel('Invitation code').fill('mistyped-invitation-22');
    await page.keyboard.press('Enter');
    await page.getByText('This invite is not valid.', { exact: false }).waitFor();
    await page.getByLabel('Invitation code').fill(code);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('asks for a new password after a one-time password, even after a reload', async () => {
    const ann = await stage.somebody('Ann');
    const userId = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    const once = await stage.oneTimePassword(userId);
    const { page } = ann;
    await page.getByText('Your session has ended. Sign in again.').waitFor();
    const signIn = async (password: string) => {
      await page.getByLabel('User ID').fill(userId);
      await page.getByLabel('Password').fill(password);
      await page.keyboard.press('Enter');
    };
    await signIn(once);
    await page.getByRole('heading', { name: 'Choose your own password' }).waitFor();
    await page.reload();
    await page.getByLabel('One-time password').fill('not the one-time password');
    await page.getByLabel('New password').fill('battery staple');
    await page.keyboard.press('Enter');
    await page.getByText('The current password is wrong.').waitFor();
    await page.getByLabel('One-time password').fill(once);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn('battery staple');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('asks before signing out while something is unsent', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('unsent');
    await ann.page.route('**/chat.v1.ChatService/Send', () => {}); // The server never responds to it.
    await ann.say('still on its way');
    await ann.page.getByTitle('Sending').waitFor();
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByText('1 message has not been sent', { exact: false }).waitFor();
    await ann.page.getByRole('dialog').getByRole('listitem').getByText('unsent:').waitFor();
    await ann.page.getByRole('dialog').getByRole('listitem').getByText('still on its way').waitFor();
    await stage.picture(ann, 'sign-out');
    await ann.page.getByRole('button', { name: 'Stay' }).click();
    await ann.page.getByTitle('Sending').waitFor();
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByRole('button', { name: 'Sign out anyway' }).click();
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(ann.complaints).toEqual([]);
  });
});
