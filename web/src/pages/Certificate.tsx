import { Link } from "wouter";
import { path } from "../paths";
import { useTitle } from "../state/page";
import { Mark } from "../ui/Arch";
import { app, certificate, certificateHelp } from "../words";
import "./page.css";

/** What a self-signed certificate means and what doesn't work with it. Needs no account. */
export function Certificate() {
  useTitle(app.title(certificate.title, 0));
  return (
    <main className="read">
      <article className="read-page">
        <p className="read-mark">
          <Mark size={28} />
          <Link href={path.home()}>{app.toStart}</Link>
        </p>
        <h1 className="serif">{certificate.title}</h1>
        <p className="read-lead">{certificateHelp.lead}</p>
        {certificateHelp.sections.map((section) => (
          <section key={section.title}>
            <h2>{section.title}</h2>
            {section.text.map((text) => (
              <p key={text}>{text}</p>
            ))}
            {section.list !== undefined && (
              <ul>
                {section.list.map((item) => (
                  <li key={item}>{item}</li>
                ))}
              </ul>
            )}
          </section>
        ))}
      </article>
    </main>
  );
}
