/** The page about certificates that the server made for itself. */
export const certificateHelp: { lead: string; sections: Array<{ title: string; text: string[]; list?: string[] }> } = {
  lead: "A fresh Cloister makes its own certificate. The connection is encrypted from the first moment, but your browser can't know on its own whose machine it reached. So it warns you, once for each browser.",
  sections: [
    {
      title: "How to check it",
      text: [
        "When Cloister starts it prints a line that begins with “certificate sha256:”. Ask whoever runs it to read that line to you, or to send it by another way than this page.",
        "In the browser's warning, open the certificate's details and find the SHA-256 fingerprint of its public key. If both are the same, you've reached the right machine and can go on. If they differ, don't: somebody may be standing in between.",
        "The fingerprint stays the same when the certificate is renewed. If you're warned again later, compare again.",
      ],
    },
    {
      title: "What works",
      text: ["Everything you do in this page: writing, reading, inviting, adding devices. Messages are encrypted on your device on top of the connection."],
    },
    {
      title: "What doesn't work until there's a proper certificate",
      text: ["Browsers switch some things off on pages they warned about. Cloister can't change that:"],
      list: [
        "Opening this page without a network. Messages stay on your device, but the page itself has to be loaded.",
        "Some phones, and Safari above all, refuse live connections to such a server: messages then don't arrive by themselves.",
        "Each new browser and each new person sees the warning once, and learns to click it away. That's the worst of it: a warning one is used to protects from nothing.",
      ],
    },
    {
      title: "How to get rid of the warning",
      text: ["Whoever runs this Cloister can give it a name on the internet and a certificate that browsers know, for instance a free one. The guide that comes with the server says how. Nobody loses messages, devices or keys by that."],
    },
    {
      title: "What a page can promise",
      text: ["Whichever certificate there is: the code of this page comes from the server. If you need to be independent of the server for that too, use Cloister's program for the terminal, which you install once and check yourself."],
    },
  ],
};
