import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Mail {
  from: string;
  to: string[];
  data: string;
}

/** SMTP as far as one client needs it (RFC 5321). `refuse` maps a command to the reply it gets instead. */
export async function startSmtpServer() {
  const mails: Mail[] = [];
  const refuse = new Map<string, string>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    converse(socket, mails, refuse);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    refuse,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const REPLIES: Record<string, string> = { EHLO: '250-localhost\r\n250 AUTH PLAIN', HELO: '250 localhost', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', RSET: '250 ok', AUTH: '235 ok', QUIT: '221 bye' };

function converse(socket: Socket, mails: Mail[], refuse: Map<string, string>): void {
  let buffer = '';
  let mail: Mail = { from: '', to: [], data: '' };
  let isData = false;
  socket.write(`${refuse.get('CONNECT') ?? '220 localhost ESMTP'}\r\n`);
  socket.on('data', (chunk) => {
    buffer += chunk.toString('utf8');
    for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      if (isData) takeData(line);
      else takeCommand(line);
    }
  });

  function takeData(line: string): void {
    if (line !== '.') {
      mail.data += `${line}\n`;
      return;
    }
    isData = false;
    mails.push(mail);
    mail = { from: '', to: [], data: '' };
    socket.write('250 queued\r\n');
  }

  function takeCommand(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const reply = refuse.get(verb) ?? REPLIES[verb] ?? '502 what?';
    if (verb === 'MAIL') mail.from = line;
    if (verb === 'RCPT') mail.to.push(line);
    isData = verb === 'DATA' && reply.startsWith('354');
    socket.write(`${reply}\r\n`);
    if (verb === 'QUIT') socket.end();
  }
}
