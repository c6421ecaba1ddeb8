package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
)

const (
	validity = 10 * 365 * 24 * time.Hour
	renewal  = 30 * 24 * time.Hour
)

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

type identity struct{ file, commonName, organization string }

// clients lists who may log in by certificate. The simulator has a name of its own so that the audit log tells its
// writes from everybody else's.
var clients = []identity{
	{"admin", "kubernaut-sandbox-admin", "system:masters"},
	{"simulator", "kubernaut-sandbox-simulator", "system:masters"},
	{"kcm", "system:kube-controller-manager", ""},
	{"scheduler", "system:kube-scheduler", ""},
}

// runPKI writes every certificate and key the control plane needs, once: a second run leaves valid files alone.
func runPKI(args []string) error {
	flags := pflag.NewFlagSet("pki", pflag.ContinueOnError)
	dir := flags.String("dir", "", "where to write the files")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("--dir is required")
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	if isCurrent(filepath.Join(*dir, "complete.crt")) {
		return nil
	}
	return writePKI(*dir)
}

func writePKI(dir string) error {
	ca, err := newAuthority(dir, "ca", "kubernaut-sandbox-ca")
	if err != nil {
		return err
	}
	frontProxyCA, err := newAuthority(dir, "front-proxy-ca", "kubernaut-sandbox-front-proxy-ca")
	if err != nil {
		return err
	}
	for _, client := range clients {
		if err := ca.issue(dir, client.file, clientTemplate(client)); err != nil {
			return err
		}
	}
	frontProxy := identity{"front-proxy-client", "front-proxy-client", ""}
	if err := frontProxyCA.issue(dir, frontProxy.file, clientTemplate(frontProxy)); err != nil {
		return err
	}
	if err := ca.issue(dir, "server", serverTemplate()); err != nil {
		return err
	}
	if err := writeServiceAccountKey(dir); err != nil {
		return err
	}
	// Written last: its presence says that the set is whole.
	return writePEM(filepath.Join(dir, "complete.crt"), "CERTIFICATE", ca.certificate.Raw)
}

func isCurrent(path string) bool {
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && time.Until(certificate.NotAfter) > renewal
}

func newAuthority(dir, file, commonName string) (*authority, error) {
	template := baseTemplate(commonName)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	self := &authority{certificate: template, key: key}
	certificate, err := self.sign(template, key)
	if err != nil {
		return nil, err
	}
	self.certificate = certificate
	return self, writePair(dir, file, certificate, key)
}

func (ca *authority) issue(dir, file string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := ca.sign(template, key)
	if err != nil {
		return err
	}
	return writePair(dir, file, certificate, key)
}

func (ca *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func baseTemplate(commonName string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		// An hour back: the clocks of a container and its host may differ.
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(validity),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

func clientTemplate(who identity) *x509.Certificate {
	template := baseTemplate(who.commonName)
	if who.organization != "" {
		template.Subject.Organization = []string{who.organization}
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return template
}

// serverTemplate serves the API server and any local server behind an APIService or a webhook.
func serverTemplate() *x509.Certificate {
	template := baseTemplate("kubernaut-sandbox")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 96, 0, 1)}
	template.DNSNames = []string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"metrics-server.kube-system.svc",
	}
	return template
}

func writeServiceAccountKey(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(dir, "sa.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, "sa.key"), key)
}

func writePair(dir, file string, certificate *x509.Certificate, key *ecdsa.PrivateKey) error {
	if err := writePEM(filepath.Join(dir, file+".crt"), "CERTIFICATE", certificate.Raw); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, file+".key"), key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
