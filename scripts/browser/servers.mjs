// The simulator, and `serve` with TLS and the connect page.
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const HOST = 'login.example.test';

export class Servers {
  static async start(folder) {
    const servers = new Servers();
    await servers.begin(folder);
    return servers;
  }

  async begin(folder) {
    this.ca = join(folder, 'simulator-ca.pem');
    const simulator = ['--json', '--ca', this.ca, '--interval', '1'];
    this.simulator = spawn(process.env.OPENAI_SIMULATOR_BIN, simulator, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [announced] = await lines(this.simulator.stdout, () => true);
    const { http, https } = JSON.parse(announced);
    this.control = `${http}/_simulator`;
    this.openai = https.replace('https://', '');
    makeCertificate(folder);
    this.authority = join(folder, 'authority.pem');
    this.options = ['--store', `sqlite:${folder}/store/test.db`, '--cacert', this.ca];
    for (const host of ['auth.openai.com', 'chatgpt.com']) {
      this.options.push('--connect-to', `${host}:443:${this.openai}`);
    }
    const listeners = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
    const tls = ['--tls-cert', join(folder, 'server.pem'), '--tls-key', join(folder, 'server.key')];
    const serve = ['--json', ...this.options, 'serve', ...listeners, ...tls, '--public-url', `https://${HOST}`];
    this.environment = { ...process.env, XDG_STATE_HOME: join(folder, 'state') };
    this.serve = spawn(process.env.CHATGPT_OAUTH_BIN, serve, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: this.environment,
    });
    const said = await lines(this.serve.stderr, (line) => JSON.parse(line).message === 'serving');
    this.address = JSON.parse(said.at(-1)).public;
    this.serve.stderr.resume();
  }

  // A new link for a profile.
  link(profile) {
    const create = ['links', 'create', '--asks', 'Ada’s assistant', '--public-url', `https://${HOST}`];
    const arguments_ = ['--json', ...this.options, '--profile', profile, ...create];
    const stdio = ['ignore', 'pipe', 'ignore'];
    const answer = execFileSync(process.env.CHATGPT_OAUTH_BIN, arguments_, { stdio, env: this.environment });
    return JSON.parse(answer).url;
  }

  // Orders something of the simulator.
  async order(command, body) {
    const answer = await fetch(`${this.control}/${command}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${command}: ${await answer.text()}`);
  }

  end() {
    this.serve?.kill();
    this.serve?.kill();
    this.simulator?.kill();
  }
}

// An authority, and a certificate of it for the server.
function makeCertificate(folder) {
  const openssl = (...arguments_) => execFileSync('openssl', arguments_, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'authority.key', '-out', 'authority.pem', '-days', '2', '-subj', '/CN=Test authority');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${HOST}`);
  writeFileSync(join(folder, 'server.ext'), `subjectAltName=DNS:${HOST}\n`);
  const issue = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-extfile', 'server.ext'];
  openssl('x509', '-req', '-in', 'server.csr', ...issue, '-out', 'server.pem', '-days', '2');
}

// The lines of a stream up to the first that is wanted.
async function lines(stream, isWanted) {
  const read = [];
  for await (const line of createInterface({ input: stream })) {
    read.push(line);
    if (isWanted(line)) return read;
  }
  throw new Error(`a server ended early: ${read.join('\n')}`);
}
