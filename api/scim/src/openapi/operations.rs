//! What each route takes and answers.

use serde_json::{Map, Value, json};

const MEDIA: &str = "application/scim+json";
const LIST: [&str; 8] =
    ["filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"];
const SHOWN: [&str; 2] = ["attributes", "excludedAttributes"];

/// An operation to be described.
struct Operation {
    id: &'static str,
    summary: &'static str,
    parameters: Vec<&'static str>,
    body: Option<&'static str>,
    /// Status, schema of the body, headers.
    answers: Vec<(u16, Option<&'static str>, &'static [&'static str])>,
    refusals: Vec<u16>,
    open: bool,
}

impl Operation {
    fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: vec![400, 401, 403, 404, 405, 414, 421, 431, 500, 503],
            open: false,
        }
    }

    fn open(mut self) -> Self {
        self.open = true;
        self.refusals.retain(|status| *status != 401);
        self
    }

    fn takes(mut self, parameters: &[&'static str]) -> Self {
        self.parameters.extend(parameters);
        self
    }

    fn body(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self.refusals.extend([408, 413, 415]);
        self
    }

    fn answers(mut self, status: u16, schema: Option<&'static str>, headers: &'static [&'static str]) -> Self {
        self.answers.push((status, schema, headers));
        self
    }

    fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    fn json(mut self) -> Value {
        let parameter = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let mut responses = Map::new();
        for (status, name, headers) in self.answers {
            let mut answer = json!({ "description": "Done" });
            if let (Some(name), Some(fields)) = (name, answer.as_object_mut()) {
                let media = if name == "OpenApi" { "application/json" } else { MEDIA };
                let body = if name == "OpenApi" { json!({ "type": "object" }) } else { schema(name) };
                fields.insert("content".into(), json!({ media: { "schema": body } }));
            }
            if let (false, Some(fields)) = (headers.is_empty(), answer.as_object_mut()) {
                let at = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
                fields.insert("headers".into(), Value::Object(headers.iter().map(at).collect()));
            }
            responses.insert(status.to_string(), answer);
        }
        self.refusals.sort_unstable();
        self.refusals.dedup();
        for status in self.refusals {
            responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{status}") }));
        }
        let mut out = json!({
            "operationId": self.id,
            "summary": self.summary,
            "security": if self.open { json!([]) } else { json!([{ "bearer": [] }]) },
        });
        if let Some(fields) = out.as_object_mut() {
            if !self.parameters.is_empty() {
                fields.insert("parameters".into(), self.parameters.iter().map(parameter).collect());
            }
            if let Some(name) = self.body {
                let content =
                    json!({ MEDIA: { "schema": schema(name) }, "application/json": { "schema": schema(name) } });
                fields.insert("requestBody".into(), json!({ "required": true, "content": content }));
            }
            fields.insert("responses".into(), responses.into());
        }
        out
    }
}

/// Everything under `paths`.
pub(super) fn paths() -> Value {
    let document = |id, summary, schema| Operation::new(id, summary).open().answers(200, Some(schema), &[]).json();
    let one = |id, summary| {
        let operation = Operation::new(id, summary).open().takes(&["id"]);
        operation.answers(200, Some("Document"), &[]).json()
    };
    let search =
        |id, summary, list| Operation::new(id, summary).body("SearchRequest").answers(200, Some(list), &[]).json();
    json!({
        "/scim/v2/ServiceProviderConfig": { "get": document("getConfig", "What is offered", "Document") },
        "/scim/v2/Schemas": { "get": document("listSchemas", "The schemas", "DocumentList") },
        "/scim/v2/Schemas/{id}": { "get": one("getSchema", "A schema by its URN") },
        "/scim/v2/ResourceTypes": { "get": document("listResourceTypes", "The resource types", "DocumentList") },
        "/scim/v2/ResourceTypes/{id}": { "get": one("getResourceType", "A resource type by its name") },
        "/scim/v2/openapi.json": { "get": document("getOpenApi", "This document", "OpenApi") },
        "/scim/v2/.search": { "post": search("search", "People and groups", "ResourceList") },
        "/scim/v2/Users": collection("User", "UserInput", "UserList"),
        "/scim/v2/Users/.search": { "post": search("searchUsers", "People", "UserList") },
        "/scim/v2/Users/{id}": resource("User", "UserInput", &["id"]),
        "/scim/v2/Groups": collection("Group", "GroupInput", "GroupList"),
        "/scim/v2/Groups/.search": { "post": search("searchGroups", "Groups", "GroupList") },
        "/scim/v2/Groups/{id}": resource("Group", "GroupInput", &["id"]),
        "/scim/v2/Me": resource("Me", "UserInput", &[]),
    })
}

fn collection(name: &str, input: &'static str, list: &'static str) -> Value {
    let (list_id, create_id, schema) = match name {
        "User" => ("listUsers", "createUser", "User"),
        _ => ("listGroups", "createGroup", "Group"),
    };
    let made: &[&str] = &["ETag", "Location", "Idempotency-Replayed"];
    json!({
        "get": Operation::new(list_id, "Those that a filter holds of").takes(&LIST).answers(200, Some(list), &[]).json(),
        "post": Operation::new(create_id, "Makes one")
            .takes(&SHOWN)
            .takes(&["idempotencyKey"])
            .body(input)
            .answers(201, Some(schema), made)
            .refuses(&[409, 422, 507])
            .json(),
    })
}

fn resource(name: &str, input: &'static str, path: &[&'static str]) -> Value {
    let (ids, schema): ([&'static str; 4], _) = match name {
        "User" => (["getUser", "replaceUser", "patchUser", "deleteUser"], "User"),
        "Group" => (["getGroup", "replaceGroup", "patchGroup", "deleteGroup"], "Group"),
        _ => (["getMe", "replaceMe", "patchMe", "deleteMe"], "User"),
    };
    let [read, replace, modify, delete] = ids;
    let change = |id, summary, body| {
        Operation::new(id, summary)
            .takes(path)
            .takes(&SHOWN)
            .takes(&["ifMatch"])
            .body(body)
            .answers(200, Some(schema), &["ETag"])
            .refuses(&[409, 412, 507])
            .json()
    };
    json!({
        "get": Operation::new(read, "One, as it is now on every replica")
            .takes(path)
            .takes(&SHOWN)
            .takes(&["ifNoneMatch"])
            .answers(200, Some(schema), &["ETag"])
            .answers(304, None, &["ETag"])
            .json(),
        "put": change(replace, "Replaces all that clients may write", input),
        "patch": change(modify, "Changes some of it: all operations or none", "PatchOp"),
        "delete": Operation::new(delete, "Deletes it")
            .takes(path)
            .takes(&["ifMatch"])
            .answers(204, None, &[])
            .refuses(&[409, 412, 507])
            .json(),
    })
}
