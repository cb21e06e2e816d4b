// A person with Chromium: every page they meet is looked at with axe, at a desk's width and a phone's.

import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

import { asked, done, ensure, turn } from './conversation.mjs';
import { load } from './packages.mjs';

const { default: playwright } = await load('playwright-core');
const { AxeBuilder } = await load('@axe-core/playwright');

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 360, height: 740 }, dark: { width: 360, height: 740 } };
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// ---- the application at which the person signs in -----------------------------------------------------------------------

const visits = [];
const application = https.createServer(
  { cert: readFileSync(join(asked.server, 'server.pem')), key: readFileSync(join(asked.server, 'server.key')) },
  (request, response) => {
    const url = new URL(request.url, asked.application);
    if (url.pathname === '/callback') visits.push(Object.fromEntries(url.searchParams));
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>application</title><h1>Back</h1>');
  },
);
await new Promise((listening) => application.listen(Number(new URL(asked.application).port), '127.0.0.1', listening));

const authorize = (further = {}) => {
  const url = new URL('/authorize', asked.issuer);
  const parameters = { response_type: 'code', client_id: asked.client_id, redirect_uri: asked.redirect_uri, scope: asked.scope, state: 'state' };
  const pkce = { code_challenge: asked.challenge, code_challenge_method: 'S256' };
  url.search = new URLSearchParams({ ...parameters, ...pkce, ...further });
  return url.href;
};

// ---- the person ---------------------------------------------------------------------------------------------------------

const chromium = await playwright.chromium.launch({ executablePath: asked.chromium, args: ARGUMENTS });
const context = await chromium.newContext({ ignoreHTTPSErrors: true, viewport: SIZES.desk, locale: 'en-GB' });
const page = await context.newPage();
const complaints = [];
page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(`${message.text()} ${message.location().url}`));
page.on('pageerror', (error) => complaints.push(String(error)));
const screenshots = [];

/** What axe finds wrong, as text. */
async function faults() {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`).join('; ');
}

/** Looks at the page: pictures, axe and the width, at each size and in the dark. */
async function look(name) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    const dark = size === 'dark';
    if (dark) await page.emulateMedia({ colorScheme: 'dark' });
    const path = join(asked.artifacts, `${name}-${size}.png`);
    await page.screenshot({ path, fullPage: true });
    screenshots.push(path);
    const found = await faults();
    ensure(found === '', `axe at ${name} (${size}): ${found}`);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    ensure(wide <= viewport.width, `${name} is ${wide} pixels wide (${size})`);
    if (dark) await page.emulateMedia({ colorScheme: null });
  }
  await page.setViewportSize(SIZES.desk);
  ensure((await page.locator('h1').count()) === 1, `${name} has not one heading`);
  await turn();
}

const pressed = async (locator) => Promise.all([page.waitForLoadState('load'), locator.click()]);
const submitted = async (form = page.locator('form[method=post]').first()) => pressed(form.locator('button:not([name=abort])').first());
const at = (path) => new URL(page.url()).origin === new URL(asked.issuer).origin && new URL(page.url()).pathname.startsWith(path);
const here = async () => `${page.url()}: ${(await page.locator('body').innerText()).slice(0, 300)}`;

async function login(user, password) {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await submitted(page.locator('form:has(input[name=password])'));
}

/** The application's last visit, once the browser is back there. */
async function visited(count) {
  await page.waitForURL(`${asked.redirect_uri}?**`).catch(async () => ensure(false, `not sent back: ${await here()}`));
  ensure(visits.length === count, `${visits.length} visits, not ${count}`);
  ensure(visits.at(-1).iss === asked.issuer, `iss is ${visits.at(-1).iss}`);
  return visits.at(-1);
}

// The first administrator's page: prefetching it changes nothing, using it sets the password.
await page.goto(asked.link);
await page.goto(asked.link);
await look('first-administrator');
for (const field of await page.locator('input[type=password]').all()) await field.fill(asked.password);
await submitted();
ensure(at('/login'), `after the first page: ${await here()}`);
await look('login-after-link');
await page.goto(asked.link);
await look('link-used');

// Wrong, then right.
await page.goto(authorize());
ensure(at('/login'), `no login page: ${await here()}`);
await look('login');
await login(asked.user, 'not the password');
ensure(at('/login'), `after a wrong password: ${await here()}`);
ensure((await page.locator('input[name=username]').inputValue()) === asked.user, 'what was typed is lost');
ensure((await page.locator('[role=alert]').count()) > 0, `no word about the wrong password: ${await here()}`);
await look('login-refused');
await login(asked.user, asked.password);

// Denied, approved, remembered.
ensure(at('/consent'), `no consent page: ${await here()}`);
await look('consent');
await pressed(page.locator('[name=abort]'));
ensure((await visited(1)).error === 'access_denied', `denied: ${JSON.stringify(visits)}`);
await turn();
await page.goto(authorize());
ensure(at('/consent'), `no second consent page: ${await here()}`);
await submitted(page.locator('form:has([name=abort])'));
ensure((await visited(2)).code, `approved: ${JSON.stringify(visits)}`);
await turn();
await page.goto(authorize());
ensure((await visited(3)).code, `remembered: ${JSON.stringify(visits)}`);
await turn();
await page.goto(authorize({ prompt: 'none' }));
ensure((await visited(4)).code, `without a page: ${JSON.stringify(visits)}`);

// A request that may not be sent back.
await page.goto(authorize({ redirect_uri: 'https://elsewhere.test/' }));
ensure(new URL(page.url()).pathname === '/authorize', `an error page: ${await here()}`);
await look('error');
// Chromium notes the status of that page, of the used link and of the refused login.
const expected = (text) => /status of 4(00|01|03|10)/.test(text);

// What one has, and the end.
await page.goto(new URL('/account', asked.issuer).href);
await look('account');
await page.goto(new URL('/logout', asked.issuer).href);
await look('logout');
await submitted();
await look('signed-out');
await page.goto(authorize({ prompt: 'none' }));
ensure((await visited(5)).error === 'login_required', `after logout: ${JSON.stringify(visits)}`);

const unexpected = complaints.filter((text) => !expected(text));
ensure(unexpected.length === 0, `Chromium complains: ${unexpected.join('; ')}`);
await chromium.close();
done({ screenshots, code: visits[1].code });
