//! The API described by itself: OpenAPI 3.1, made from the table of routes and the types.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use cloister_wire::ErrorBody;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder,
        Ref, RefOr, Required, ResponseBuilder,
        path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, Schema, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    reply::{CBOR, JSON, Reply},
    routes::{self, For, Route},
};

const BEARER: &str = "access_token";

pub async fn show() -> impl IntoResponse {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);
    Reply::ok(&*DOCUMENT)
}

/// The document.
pub fn document() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme(
        BEARER,
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    let mut schemas = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
    ErrorBody::schemas(&mut schemas);
    let mut paths = PathsBuilder::new();
    for route in routes::table() {
        for describe in [route.request, route.reply].into_iter().flatten() {
            schemas.extend(describe().1);
        }
        paths = paths.path(route.path, PathItem::new(method(&route), operation(&route)));
    }
    for (name, schema) in schemas {
        components.schemas.insert(name, schema);
    }
    let info = InfoBuilder::new()
        .title("Cloister")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Every body is JSON or CBOR, by Content-Type and Accept. Ids are UUIDs; bytes are \
             base64url text in JSON.",
        ))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

fn operation(route: &Route) -> OperationBuilder {
    let error = ResponseBuilder::new()
        .description("Refused: a code for programs, a sentence for people.")
        .content(
            JSON,
            ContentBuilder::new()
                .schema(Some(refer(&ErrorBody::name())))
                .build(),
        )
        .build();
    let mut success = ResponseBuilder::new().description("Done.");
    if let Some(reply) = route.reply {
        let schema = refer(&reply().0);
        success = success
            .content(
                JSON,
                ContentBuilder::new().schema(Some(schema.clone())).build(),
            )
            .content(CBOR, ContentBuilder::new().schema(Some(schema)).build());
    }
    let mut operation = OperationBuilder::new()
        .summary(Some(route.about))
        .response(route.status.as_str(), success.build())
        .response("default", error);
    for name in names_in(route.path) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(RefOr::T(Schema::Object(text)))),
        );
    }
    if let Some(request) = route.request {
        let schema = refer(&request().0);
        let body = RequestBodyBuilder::new()
            .content(
                JSON,
                ContentBuilder::new().schema(Some(schema.clone())).build(),
            )
            .content(CBOR, ContentBuilder::new().schema(Some(schema)).build())
            .required(Some(Required::True))
            .build();
        operation = operation.request_body(Some(body));
    }
    if route.who != For::Anyone {
        let none: [&str; 0] = [];
        operation = operation.security(SecurityRequirement::new(BEARER, none));
    }
    operation
}

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn refer(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn method(route: &Route) -> HttpMethod {
    match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
