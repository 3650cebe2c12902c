//! What ends with the connection that holds a grant.

use super::*;

async fn is_soon(what: impl Fn() -> bool) -> bool {
    for _ in 0..200 {
        if what() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_grant_and_its_engine_end_with_the_connection_that_holds_it() {
    use std::os::unix::process::ExitStatusExt as _;

    let mut server = Server::new().await;
    let (held, other) = (server.open().await, server.open().await);
    let (status, connection) = server.hold(&held).await;
    assert_eq!(status, StatusCode::OK);
    let mut sleeper = std::process::Command::new("sleep");
    let mut sleeper = sleeper.arg("60").spawn().unwrap();
    let body = serde_json::to_vec(&control::Engine { pid: sleeper.id() }).unwrap();
    let path = format!("/v1/grants/{}/engine", held.id);
    server.ask(Method::PUT, &path, body).await;
    assert!(held.socket.exists());
    connection.abort();
    assert!(is_soon(|| !held.socket.exists()).await, "the grant lives");
    assert_eq!(sleeper.wait().unwrap().signal(), Some(15));
    let (_, list) = server
        .json::<Vec<GrantInfo>>(Method::GET, "/v1/grants", Vec::new())
        .await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].id, other.id);
}

#[tokio::test]
async fn a_grant_that_a_person_revoked_can_be_asked_about_until_its_client_ends_it() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    let (_, _connection) = server.hold(&grant).await;
    let path = format!("/v1/grants/{}", grant.id);
    let revoke = format!("{path}/revoke");
    let (status, _) = server.ask(Method::POST, &revoke, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(is_soon(|| !grant.socket.exists()).await);
    let (_, list) = server
        .json::<Vec<GrantInfo>>(Method::GET, "/v1/grants", Vec::new())
        .await;
    assert_eq!(list[0].state, GrantState::Revoked);
    let (status, report) = server
        .json::<GrantReport>(Method::DELETE, &path, Vec::new())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(report.refusals[0].reason, Reason::Revoked);
    let (status, _) = server.ask(Method::DELETE, &path, Vec::new()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
